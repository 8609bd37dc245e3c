"""`encode: autoencoder`: a network encodes the labels, trained through the upsampler under test.

    label maps to train on ──crops──► encoder ──code──► upsampler ──scores──► cross-entropy
                                          ▲                 ▲                       │ Adam
                                          └─────────────────┴───────────────────────┘
    label maps never seen  ──whole──► encoder ──code──► upsampler ──arg max──► against the truth ──► mIoU*

The protocol of the upper bound mIoU* of Tian et al., CVPR 2019, arXiv:1903.02120, Table 1: labels
instead of images as the network's input. Encoder and budget are ours, see `encoder` and the settings of
the measure; they were chosen by what they reached on 100 label maps of VOC's val. Weights of the upsampler
that are trained in a model (transposed, sub-pixel, tuned DUpsampling) are trained here too; frozen ones
stay. Crops lie on the grid of cells and hold a border of two classes where their label map has one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.labels.ceiling import Tally, Truth
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.subspace import Subspace
from segablate.labels.work import each, threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, MeasureContext, Result
from segablate.measures.ceilings.encoder import Encoder, components, shares
from segablate.measures.ceilings.search import SHARPNESS, one_torch_thread, truth_of
from segablate.measures.ceilings.setup import OracleSetup, kind
from segablate.models.upsamplers.base import Subspace as Basis
from segablate.models.upsamplers.base import Upsampler, upsampler_class, upsamplers
from segablate.records import Reads

RATE = 2e-3
CROP = 128
CELLS = 4  # a crop is so many cells wide at least, for upsamplers whose cells overlap

BLIND_SPOT = "the autoencoder's ceiling is what its budget reached: a longer training may reach more"


def autoencode(cells: Sequence[Reads], seed: int, ctx: MeasureContext) -> Iterator[Result | SegablateError]:
    """The trained ceiling of some cells on the same label maps, one after the other."""
    setup = OracleSetup(cells[0], ctx)
    with threads() as pool, WorkerPool() as workers:
        fitted = setup.components(cells, pool, workers)
        for reads in cells:
            setup.begin()
            subspace = fitted[kind(reads)] if "fitted" in reads else None
            pair = Pair(reads, setup, subspace, seed, ctx.device)
            with one_torch_thread():  # sums in one order: the same numbers on the same machine
                pair.train(pool)
                tally = pair.score(pool)
            explained = subspace.explained(reads["upsampler"]["channels"]) if subspace else None

            def again(_: int, label: Labels, pair: Pair = pair) -> Labels:
                return pair.restore(label)

            yield _without_boundary(setup.result(tally, again, explained))


class Pair:
    """An encoder and the upsampler under test.

    Args:
        reads: the cell's.
        setup: label maps.
        subspace: fitted components, for an upsampler that needs them.
        seed: of the weights and of the crops.
        device: where it is trained.
    """

    def __init__(
        self, reads: Reads, setup: OracleSetup, subspace: Subspace | None, seed: int, device: str
    ) -> None:
        self.budget: dict[str, int] = reads["trained"]
        self.setup = setup
        self.seed = seed
        self.device = device
        self.stride: int = reads["output_stride"]
        self.items = training_items(setup, reads)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.upsampler = _upsampler(reads, setup.classes, subspace).to(device)
            self.encoder = self._encoder(reads, subspace).to(device)

    def train(self, pool: Executor) -> None:
        """Adam, with a rate that falls along a cosine to nothing."""
        begun = time.perf_counter()
        iterations = self.budget["iterations"]
        weights = [*self.encoder.parameters(), *self.upsampler.parameters()]
        optimiser = torch.optim.Adam([weight for weight in weights if weight.requires_grad], lr=RATE)
        fall = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda at: 0.5 + 0.5 * math.cos(math.pi * at / iterations)
        )
        with self.setup.ctx.progress("training", iterations) as tick:
            for labels in each(pool, self._crops, range(iterations)):
                optimiser.zero_grad()
                loss = self._loss(truth_of(labels, self.setup.classes).to(self.device))
                loss.backward()  # type: ignore[no-untyped-call]  # torch has no types there
                optimiser.step()
                fall.step()
                tick(1)
        self.setup.seconds["fit"] += time.perf_counter() - begun

    def score(self, pool: Executor) -> Tally:
        """All label maps that are scored."""
        setup, tally = self.setup, Tally.empty(self.setup.classes)
        begun = time.perf_counter()

        def restore_map(read: Callable[[], Labels]) -> tuple[Any, Any]:
            label = read()
            return Truth(label, setup.classes, setup.ignore).compare(self.restore(label))

        with setup.ctx.progress("scoring", len(setup.items)) as tick:
            for matrix, near in each(pool, restore_map, setup.maps(setup.items)):
                tally.add(matrix, near)
                tick(1)
        setup.seconds["score"] = time.perf_counter() - begun
        return tally

    @torch.no_grad()
    def restore(self, label: Labels) -> Labels:
        """The map as it comes back, of the padded size."""
        padded = pad(label, self.stride, self.setup.ignore)
        scores = self._scores(truth_of(padded, self.setup.classes)[None].to(self.device))
        best = scores[0].max(dim=0).indices  # quicker than arg max, and the first of equals too
        return best.cpu().numpy().astype(label.dtype)

    def _scores(self, truth: Tensor) -> Tensor:
        scores: Tensor = self.upsampler(self.encoder(truth), (truth.shape[1], truth.shape[2]))
        return scores

    def _loss(self, truth: Tensor) -> Tensor:
        """Mean cross-entropy of the scored pixels (batch, height, width); −1 is not scored."""
        loss = F.cross_entropy(SHARPNESS * self._scores(truth), truth, ignore_index=-1, reduction="sum")
        return loss / (truth >= 0).sum().clamp(min=1)

    def _crops(self, iteration: int) -> Labels:
        """The crops of an iteration, (crops, side, side): a pure function of seed and iteration."""
        rng = np.random.default_rng([self.seed, iteration])
        chosen = rng.integers(len(self.items), size=self.budget["crops"])
        return np.stack(
            [self._crop(rng, read()) for read in self.setup.maps([self.items[i] for i in chosen])]
        )

    def _crop(self, rng: np.random.Generator, label: Labels) -> Labels:
        """Some cells around a random mixed one, moved to where the map has them."""
        r = self.stride
        side = max(CELLS, -(-CROP // r))
        patches = cut(pad(label, r, self.setup.ignore), r)
        mixed = np.argwhere(patches.mixed)
        rows, columns = patches.first.shape
        row, column = mixed[rng.integers(len(mixed))] if len(mixed) else (0, 0)
        top, left = (
            int(np.clip(at - rng.integers(side), 0, max(0, most - side)))
            for at, most in ((row, rows), (column, columns))
        )
        part = label[top * r : (top + side) * r, left * r : (left + side) * r]
        missing = [(0, side * r - length) for length in part.shape]
        return np.pad(part, missing, constant_values=self.setup.ignore)

    def _encoder(self, reads: Reads, subspace: Subspace | None) -> Encoder:
        classes = self.setup.classes
        part, settings = upsamplers.read(reads["upsampler"])
        channels = upsampler_class(part.name).code_channels(classes, settings)
        projection = None
        if subspace is not None:
            projection = components(subspace, channels)
        elif channels == classes and not settings.get("channels"):  # the code is the class scores
            projection = shares(classes, self.stride)
        return Encoder(classes, self.stride, channels, self.budget["width"], projection)


def _without_boundary(result: Result) -> Result:
    """The result, with what a trained ceiling does not see."""
    taken = [
        replace(measurement, blind_spots=(*measurement.blind_spots, BLIND_SPOT))
        for measurement in result.measurements
    ]
    return replace(result, measurements=tuple(taken))


def training_items(setup: OracleSetup, reads: Reads) -> list[Any]:
    """What is trained on: the split to fit on, less the label maps that are scored.

    Raises:
        SegablateError: nothing is left.
    """
    return unseen(setup.data.items(reads[PLACES]["fit"]), setup.items)


def unseen(items: Sequence[Any], scored: Sequence[Any]) -> list[Any]:
    """The items that are not scored.

    Raises:
        SegablateError: there is none.
    """
    # by their files: splits may give different label maps one name
    known = {item.label or item.name for item in scored}
    left = [item for item in items if (item.label or item.name) not in known]
    if not left:
        raise SegablateError(
            "there is no label map to train the autoencoder on but those that are scored",
            hint="name other label maps with `fit` or `score`, or score fewer with `limit`",
            field="fit",
        )
    return left


def _upsampler(reads: Reads, classes: int, subspace: Subspace | None) -> Upsampler:
    part, spec = upsamplers.read(reads["upsampler"])
    basis = None
    if subspace is not None:
        basis = Basis(subspace.weight(spec["channels"]), subspace.bias())
    ingredients = {"classes": classes, "stride": reads["output_stride"], "subspace": basis}
    made: Upsampler = part.build(ingredients, {**spec, **upsampler_class(part.name).in_ceilings})
    return made
