"""`encode: clusters`: a cell is stored as whole numbers of so many bits, and restored from these alone.

    patches of label maps to fit on ──k-means──► what may be stored
    label maps never fitted on ──► numbers ──► restored labels ──against the truth──► mIoU*
                                      └──► bits a cell

What is clustered is the upsampler's own: label patches for `codebook`, the numbers of a linear code for
others. The bits of a cell are counted twice: those that the numbers take as they are, and the entropy of
the numbers that were stored, each by itself, which an arithmetic coder would come near to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segablate.errors import SegablateError
from segablate.labels.ceiling import Compared, Tally, Truth
from segablate.labels.codes import Code, Sample, bits, entropy, sample
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.work import each, threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, MeasureContext, Result
from segablate.measures.ceilings.setup import OracleSetup, kind, spread
from segablate.models.upsamplers.base import upsampler_class, upsamplers
from segablate.records import Measurement, Reads

# what is clustered: patches of more than one class, and at most so many label maps that they are of
PATCHES = 32_768
MAPS = 2_048
CONVENTION = {
    "code_bits": "numbers of a cell, each of as many bits as its largest value needs",
    "entropy_bits": "entropy of the numbers stored of all scored label maps, each number of a cell by itself",
}
BLIND_SPOTS = (
    "numbers of a cell and of its neighbours may tell of each other: a coder that sees that needs fewer",
)


def clusters(cells: Sequence[Reads], seed: int, ctx: MeasureContext) -> Iterator[Result | SegablateError]:
    """The ceiling of codes of limited length on the same label maps."""
    setup = OracleSetup(cells[0], ctx)
    with threads() as pool, WorkerPool() as workers:
        fitted = setup.components(cells, pool, workers)
        samples: dict[int, Sample] = {}
        for reads in cells:
            setup.begin()
            begun = time.perf_counter()
            stride = reads["output_stride"]
            if stride not in samples:
                samples[stride] = _sample(setup, reads, seed, pool)
            part, settings = upsamplers.read(reads["upsampler"])
            make = upsampler_class(part.name).short_code(settings, reads["clustered"].get("bits", 0))
            if make is None:
                raise RuntimeError(f"{part.name} has no code of limited length, yet it was planned")
            subspace = fitted[kind(reads)] if "fitted" in reads else None
            code = make(samples[stride], subspace, seed)
            setup.seconds["fit"] += time.perf_counter() - begun
            tally, counts = _score(code, stride, setup, pool)

            def again(_: int, label: Labels, code: Code = code, stride: int = stride) -> Labels:
                return code.decode(code.encode(cut(pad(label, stride, setup.ignore), stride)))

            explained = subspace.explained(settings["channels"]) if subspace else None
            yield _with_bits(setup.result(tally, again, explained), code, counts)


def _sample(setup: OracleSetup, reads: Reads, seed: int, pool: Executor) -> Sample:
    items = spread(setup.data.items(reads[PLACES]["fit"]), MAPS)
    with setup.ctx.progress(f"patches of {reads['clustered']['on']}", len(items)) as tick:
        return sample(
            setup.maps(items),
            stride=reads["output_stride"],
            classes=setup.classes,
            ignore=setup.ignore,
            most=PATCHES,
            seed=seed,
            pool=pool,
            tick=tick,
        )


def _score(
    code: Code, stride: int, setup: OracleSetup, pool: Executor
) -> tuple[Tally, list[NDArray[np.int64]]]:
    """All scored label maps, and how often each value of each number was stored."""
    tally = Tally.empty(setup.classes)
    counts = [np.zeros(most, np.int64) for most in code.levels]
    begun = time.perf_counter()

    def compare(read: Callable[[], Labels]) -> tuple[Compared, NDArray[np.unsignedinteger]]:
        label = read()
        numbers = code.encode(cut(pad(label, stride, setup.ignore), stride))
        return Truth(label, setup.classes, setup.ignore).compare(code.decode(numbers)), numbers

    with setup.ctx.progress("scoring", len(setup.items)) as tick:
        for compared, numbers in each(pool, compare, setup.maps(setup.items)):
            tally.add(*compared)
            for place, count in enumerate(counts):
                count += np.bincount(numbers[..., place].reshape(-1), minlength=len(count))
            tick(1)
    setup.seconds["score"] = time.perf_counter() - begun
    return tally, counts


def _with_bits(result: Result, code: Code, counts: Sequence[NDArray[np.int64]]) -> Result:
    values = {"code_bits": float(bits(code.levels)), "entropy_bits": entropy(counts)}
    taken = [
        Measurement(metric, (value,), CONVENTION[metric], BLIND_SPOTS) for metric, value in values.items()
    ]
    return replace(result, measurements=(*result.measurements, *taken))
