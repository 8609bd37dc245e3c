"""`encode: optimise` of an upsampler whose weights are learned: from a trained encoder's code on.

    label maps to train on ──► encoder and upsampler, as for `autoencoder` ──► both stay as they are
    label maps never seen ──encoder──► code ──upsampler──► scores ──cross-entropy──► gradient ──► code

Weights are one set for all label maps, for weights that follow each of them would store it themselves. The
search takes up where the encoder ends, and never ends below it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from segablate.errors import SegablateError
from segablate.labels.ceiling import Truth
from segablate.labels.confusion import scores
from segablate.labels.patches import Labels, pad
from segablate.labels.work import threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import MeasureContext, Result
from segablate.measures.ceilings.autoencode import Pair
from segablate.measures.ceilings.search import best_code, one_torch_thread, score_all, truth_of
from segablate.measures.ceilings.setup import OracleSetup, kind
from segablate.records import Reads

BLIND_SPOT = "the code is searched, the upsampler's weights are of one training: another may reach more"


def refine(cells: Sequence[Reads], seed: int, ctx: MeasureContext) -> Iterator[Result | SegablateError]:
    """The searched ceiling of some learned upsamplers on the same label maps, one after the other."""
    setup = OracleSetup(cells[0], ctx)
    with threads() as pool, WorkerPool() as workers:
        fitted = setup.components(cells, pool, workers)
        for reads in cells:
            setup.begin()
            subspace = fitted[kind(reads)] if "fitted" in reads else None
            pair = Pair(reads, setup, subspace, seed, ctx.device)
            with one_torch_thread():
                pair.train(pool)
                begun = time.perf_counter()
                with ctx.progress(f"searching {reads['upsampler']['use']}", len(setup.items)) as tick:
                    tally, worst = score_all(Refined(pair), setup, pool, tick)
            setup.seconds["score"] = time.perf_counter() - begun

            def again(number: int, _: Labels, worst: dict[int, Labels] = worst) -> Labels:
                return worst[number]

            result = setup.result(tally, again, None)
            seen = [
                replace(measurement, blind_spots=(*measurement.blind_spots, BLIND_SPOT))
                for measurement in result.measurements
            ]
            yield replace(result, measurements=tuple(seen))


class Refined:
    """The search for the best code of a label map, from a trained encoder's on.

    Args:
        pair: the trained encoder and upsampler.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.classes, self.ignore = pair.setup.classes, pair.setup.ignore
        pair.upsampler.requires_grad_(False)

    def both(self, label: Labels, truth: Truth) -> tuple[Labels, Labels]:
        """The map as it is encoded, and the best that was found: its mIoU is not lower. Padded sizes."""
        padded = pad(label, self.pair.stride, self.ignore)
        begun = self.pair.restore(label)
        target = truth_of(padded, self.classes)[None].to(self.pair.device)
        with torch.no_grad():
            code = self.pair.encoder(target)
        size = (padded.shape[0], padded.shape[1])
        searched = best_code(code, lambda at: self.pair.upsampler(at, size), target, begun)
        before, after = (scores(truth.compare(restored)[0]).miou for restored in (begun, searched))
        return begun, begun if after < before else searched
