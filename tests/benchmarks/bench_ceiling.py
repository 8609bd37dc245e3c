"""How long the ceilings of PASCAL VOC take, as multiples of only decoding its label maps.

    SEGABLATE_DATA=… python tests/benchmarks/bench_ceiling.py [--rounds N] [--sklearn N]

A run is what the measure `oracle` does without a store: decode and fit on
train_aug, decode and score on val. Decoding alone is Pillow's, of the same files, in as many threads.
Each ratio is taken within a round, in which all that is compared runs one after the other; the
median of the rounds is shown, with the least and the most. Hashing the files is not part of either.
With `--limit` the ratios mean nothing: what does not grow with the label maps is then most of the time.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from results import Row, publish
from rounds import ratio, seconds, spread

from segablate.app.oracle import TemporaryContext
from segablate.datasets.base import Item, datasets
from segablate.labels.fit import Solver, fit
from segablate.labels.subspace import Subspace
from segablate.labels.work import threads, worker_count
from segablate.measures.base import measures

CHANNELS = 64
CURVE = (16, 32, 48, 64, 96, 128, 192, 256)
GOALS = {16: 2.0, 32: 4.0}
FIT, SCORE = "train_aug", "val"
FEW = 400  # from so many on each core gets a process
SELF, CHILDREN = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN


def main() -> None:
    """Measure what is asked for; in a child, one run and its peak."""
    if "--child" in sys.argv:
        asked = arguments().parse_args()
        run(asked.child, (CHANNELS,), asked.fit, asked.score)
        own, largest = (resource.getrusage(who).ru_maxrss for who in (SELF, CHILDREN))
        print(own + worker_count() * largest)
        return
    publish("Ceilings of PASCAL VOC", arguments(), measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    with tempfile.TemporaryDirectory() as folder:
        splits = [shortened(split, asked.limit, Path(folder)) for split in (FIT, SCORE)]
        items = [item for split in splits for item in voc().items(split)]
        strides = [int(word) for word in asked.stride.split(",")]
        if asked.rounds:
            # first: a new process is charged for the size of the one that started it, which grows
            peak = peak_bytes(strides[0], *splits)
            least = peak_bytes(strides[0], *(shortened(split, FEW, Path(folder)) for split in (FIT, SCORE)))
            rounds = [one_round(items, strides, *splits) for _ in range(asked.rounds)]
            yield from compared(rounds, strides)
            yield memory(strides[0], peak, least)
        if asked.sklearn:
            yield against_sklearn(voc().items(splits[0]), asked.sklearn, strides[0])


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stride", default="16,32", help="output strides; memory and curve take the first")
    parser.add_argument("--rounds", type=int, default=3, help="0: only what `--sklearn` asks for")
    parser.add_argument("--limit", type=int, help="so many label maps of each split, to try this out")
    parser.add_argument("--sklearn", type=int, default=100, help="IncrementalPCA on so many maps, or 0")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--fit", default=FIT, help=argparse.SUPPRESS)
    parser.add_argument("--score", default=SCORE, help=argparse.SUPPRESS)
    return parser


def voc() -> Any:
    """The data set."""
    return datasets.part("voc").build({}, {})


def shortened(split: str, limit: int | None, folder: Path) -> str:
    """The split, or a list file with `limit` of its label maps, spread evenly."""
    if limit is None:
        return split
    items = voc().items(split)
    count = min(limit, len(items))
    path = folder / f"{split}-{limit}.txt"
    path.write_text("".join(f"{items[i * len(items) // count].name}\n" for i in range(count)))
    return str(path)


def one_round(items: Sequence[Item], strides: Sequence[int], fit_on: str, score_on: str) -> dict[Any, float]:
    """Seconds of everything that is compared, one after the other."""
    taken: dict[Any, float] = {
        "decode": seconds(partial(decode, items)),
        "read": seconds(partial(read, items)),
    }
    for stride in strides:
        taken[stride] = seconds(partial(run, stride, (CHANNELS,), fit_on, score_on))
    taken["curve"] = seconds(partial(run, strides[0], CURVE, fit_on, score_on))
    return taken


def decode(items: Sequence[Item]) -> None:
    """Only decode, with Pillow, on all cores."""

    def one(item: Item) -> None:
        assert item.label is not None
        with Image.open(item.label) as image:
            image.load()

    with ThreadPoolExecutor(worker_count()) as pool:
        for _ in pool.map(one, items):
            pass


def read(items: Sequence[Item]) -> None:
    """Only read the label maps as a fit does, on all cores."""
    data = voc()
    with ThreadPoolExecutor(worker_count()) as pool:
        for _ in pool.map(data.label, items):
            pass


def run(stride: int, widths: Sequence[int], fit_on: str, score_on: str) -> None:
    """Decode, fit and score, for some code widths at once."""
    oracle = measures.part("oracle").build({}, {"fit": fit_on, "score": score_on})
    specs = [{"use": "dupsampling", "channels": width} for width in widths]
    configs = [{"data": "voc", "model": {"upsampler": spec, "output_stride": stride}} for spec in specs]
    cells = [oracle.reads(config) for config in configs]
    before = time.perf_counter()
    with TemporaryContext(silent) as bench:
        found = list(oracle.measure(cells, 0, bench))
    score = found[-1].measurements[0].value
    note = f"r = {stride}, {len(widths)} widths: {time.perf_counter() - before:.1f} s, mIoU* {score:.4f}"
    print(note, found[-1].facts["seconds"], file=sys.stderr)


@contextmanager
def silent(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """No bar."""
    yield lambda done: None


def peak_bytes(stride: int, fit_on: str, score_on: str) -> int:
    """Peak resident memory of a run: its process and as many times the largest worker as there are."""
    command = [sys.executable, __file__, "--child", str(stride), "--fit", fit_on, "--score", score_on]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


def compared(rounds: Sequence[dict[Any, float]], strides: Sequence[int]) -> Iterator[Row]:
    """Rows of ratios."""
    for stride in strides:
        what = f"decode, fit and score {FIT} and {SCORE} at r = {stride}, C̃ = {CHANNELS} ÷ only decoding"
        floor = ratio(rounds, "read", "decode")[0]
        reason = "the floor is reading them; the rest is counting patches, eigenvectors and products"
        yield Row(
            f"{what} them with Pillow", *ratio(rounds, stride, "decode"), GOALS.get(stride),
            floor=floor, reason=reason,
        )  # fmt: skip
    what = f"{len(CURVE)} values of C̃ up to {CURVE[-1]} ÷ C̃ = {CHANNELS} alone, r = {strides[0]}"
    reason = "the fit has more components, and each width an arg max and scores of its own"
    yield Row(what, *ratio(rounds, "curve", strides[0]), 1.6, floor=1.0, reason=reason)


def memory(stride: int, peak: int, least: int) -> Row:
    """The row of the peak."""
    what = f"peak resident memory of the run at r = {stride}, all processes"
    reason = f"the floor is what {FEW} label maps of each split take; blocks of counts are in every process"
    return Row(
        what, peak / 1e9, (peak / 1e9, peak / 1e9), 1, 0.9, unit="GB", floor=least / 1e9, reason=reason
    )


def against_sklearn(items: Sequence[Item], count: int, stride: int) -> Row:
    """Fit of both solvers on the same label maps in memory, centred, and what each explains."""
    data = voc()
    chosen = [items[i * len(items) // count] for i in range(min(count, len(items)))]
    labels = [data.label(item) for item in chosen]

    def solve(solver: Solver) -> Subspace:
        with threads() as pool:
            return fit(
                [lambda label=label: label for label in labels],
                classes=len(data.classes), ignore=data.ignore, wanted={stride: CHANNELS},
                centred=True, solver=solver, pool=pool,
            )[stride]  # fmt: skip

    found: dict[Solver, list[float]] = {"moment": [], "sklearn": []}
    explained: dict[Solver, float] = {}
    for solver, repeats in (("moment", 3), ("sklearn", 1), ("moment", 3)):
        for _ in range(repeats):
            before = time.perf_counter()
            subspace = solve(solver)
            found[solver].append(time.perf_counter() - before)
            explained[solver] = subspace.explained(CHANNELS)
    apart = abs(explained["moment"] - explained["sklearn"])
    times = [found["sklearn"][0] / taken for taken in found["moment"]]
    what = (
        f"scikit-learn's `IncrementalPCA` ÷ our fit, {len(labels)} label maps, r = {stride}, centred "
        f"(explained variance differs by {apart:.1e})"
    )
    return Row(what, *spread(times), 300, least=True, floor=1.0, reason="the pass over the label maps")


if __name__ == "__main__":
    main()
