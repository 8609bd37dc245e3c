"""`encode: optimise`: search the code itself by gradient, one label map at a time.

    projection ──► code ──upsampler──► scores ──cross-entropy against the labels──► gradient ──► code

Only the classes of the image take part, and only the cells that can change anything: those of more
than one class, and for upsamplers whose cells overlap their neighbours too. What is kept is the best
code seen by the number of right pixels, so the search never ends below the projection it began with.
Where the upsampler treats every patch by itself, the best is kept for every patch by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.labels.ceiling import Tally, Truth
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.restore import cell_averages
from segablate.labels.subspace import Subspace
from segablate.labels.work import each, threads
from segablate.measures.base import Result, Workshop
from segablate.measures.ceilings.scene import Scene, kind
from segablate.models.upsamplers.base import Subspace as Basis
from segablate.models.upsamplers.base import Upsampler, upsampler_class, upsamplers
from segablate.records import Reads

STEPS = 150
RATE = 0.05
# scores of a projection lie in 0…1; the cross-entropy needs them further apart to call a pixel settled
SHARPNESS = 12.0
STEPS_BETWEEN_LOOKS = 10


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """The label maps are searched side by side, so each search has one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def search(cells: Sequence[Reads], shop: Workshop) -> Iterator[Result | SegablateError]:
    """The searched ceiling of some cells on the same label maps."""
    scene = Scene(cells[0], shop)
    with threads() as pool, one_torch_thread():
        components = scene.components(cells, pool)
        for reads in cells:
            subspace = components[kind(reads)] if "fitted" in reads else None
            hunt = Hunt(reads["upsampler"], reads["output_stride"], scene.classes, scene.ignore, subspace)
            begun = time.perf_counter()
            tally = Tally.empty(scene.classes)
            with shop.progress(f"searching {reads['upsampler']['use']}", len(scene.items)) as tick:
                for found in each(pool, partial(_score, hunt), scene.maps(scene.items)):
                    tally.add(*found)
                    tick(1)
            scene.seconds["score"] = time.perf_counter() - begun
            explained = subspace.explained(reads["upsampler"]["channels"]) if subspace else None
            yield scene.result(tally, hunt.restore, explained)


def _score(hunt: Hunt, read: Any) -> Any:
    label = read()
    truth = Truth(label, hunt.classes, hunt.ignore)
    return truth.compare(hunt.restore(label, truth))


class Hunt:
    """The search for the best code of a label map.

    Args:
        spec: the upsampler's name and settings.
        stride: pixels a cell is high and wide.
        classes: number of classes C.
        ignore: a value ≥ C for pixels that are not scored.
        subspace: fitted components, for an upsampler that needs them.
    """

    def __init__(
        self, spec: Mapping[str, Any], stride: int, classes: int, ignore: int, subspace: Subspace | None
    ) -> None:
        self.part = upsamplers.part(spec["use"])
        self.alone = not upsampler_class(spec["use"]).overlaps
        self.settings = {name: value for name, value in spec.items() if name not in ("use", "version")}
        self.stride = stride
        self.classes = classes
        self.ignore = ignore
        self.subspace = subspace
        made = upsampler_class(spec["use"])
        projection = made.restorer(classes, stride, self.settings, subspace)
        if projection is None:
            raise RuntimeError(f"{spec['use']} has no projection to start from, yet it was planned")
        self.projection = projection

    def restore(self, label: Labels, truth: Truth | None = None) -> Labels:
        """The best restored map found, at least of the map's size, no class worse than by projection."""
        padded = pad(label, self.stride, self.ignore)
        begun = self.projection.restore(cut(padded, self.stride))[0]
        found = self._by_patch(padded, begun) if self.alone else self._whole(padded, begun)
        truth = truth or Truth(label, self.classes, self.ignore)
        before, after = truth.compare(begun)[0], truth.compare(found)[0]
        return found if _nowhere_worse(before, after) else begun

    def _by_patch(self, padded: Labels, begun: Labels) -> Labels:
        """Each mixed patch is searched, and its best kept, by itself."""
        rows, columns = padded.shape[0] // self.stride, padded.shape[1] // self.stride
        grid = (rows, self.stride, columns, self.stride)
        mixed = cut(padded, self.stride).mixed
        wrong = ((padded != begun) & (padded < self.classes)).reshape(grid).any(axis=(1, 3))
        chosen = mixed & wrong
        if not chosen.any():
            return begun
        truth = torch.from_numpy(padded.reshape(grid).transpose(0, 2, 1, 3)[chosen].astype(np.int64))
        start = torch.from_numpy(begun.reshape(grid).transpose(0, 2, 1, 3)[chosen].astype(np.int64))
        held = _classes_in(torch.cat([truth, start]), self.classes)
        upsampler, full = self._make(held), self._make(list(range(self.classes)))
        code = self._code_of_patches(truth, held)
        size = (self.stride, self.stride)
        best, right = start.clone(), _right(start, truth)
        everything = self.subspace is not None

        def look(at: Tensor) -> None:
            scores = (full if everything else upsampler)(at, size)
            said = scores.argmax(dim=1)
            said = said if everything else torch.tensor(held)[said]
            now = _right(said, truth)
            better = now > right
            best[better], right[better] = said[better], now[better]

        _descend(code, lambda at: upsampler(at, size), _local(truth, held), look)
        restored = begun.copy()
        restored.reshape(grid).transpose(0, 2, 1, 3)[chosen] = best.numpy().astype(begun.dtype)
        return restored

    def _whole(self, padded: Labels, begun: Labels) -> Labels:
        """All cells are searched together; those without a mixed cell beside them stay."""
        patches = cut(padded, self.stride)
        present, averages = cell_averages(patches, self.classes)
        if len(present) < 2:
            return begun
        held = present.tolist()
        upsampler = self._make(held)
        truth = torch.from_numpy(padded.astype(np.int64))[None]
        near = torch.from_numpy(patches.mixed)[None, None].float()
        moves = F.max_pool2d(near, 3, 1, 1)
        size = (padded.shape[0], padded.shape[1])
        best, right = (
            torch.from_numpy(begun.astype(np.int64))[None],
            _right(torch.from_numpy(begun)[None], truth),
        )

        def look(at: Tensor) -> None:
            said = torch.tensor(held)[upsampler(at, size).argmax(dim=1)]
            now = _right(said, truth)
            if bool(now > right):
                best[0], right[0] = said[0], now[0]

        code = torch.from_numpy(averages)[None].clone()
        # pixels that no moving cell reaches have settled, and would cost most of the time
        reached = F.interpolate(F.max_pool2d(moves, 3, 1, 1), size)[0, 0].flatten().nonzero()[:, 0]
        _descend(
            code,
            lambda at: upsampler(at, size).flatten(2)[0, :, reached].T,
            _local(truth.flatten()[reached], held),
            look,
            moves,
        )
        return best[0].numpy().astype(begun.dtype)

    def _make(self, held: Sequence[int]) -> Upsampler:
        """The upsampler for some of the classes only."""
        basis = None
        if self.subspace is not None:
            width = self.settings["channels"]
            some = self.subspace.components[:width][:, held]
            mean = self.subspace.mean[held].T.reshape(-1)
            basis = Basis(some.transpose(2, 1, 0).reshape(-1, width), mean)
        given = {"classes": len(held), "stride": self.stride, "subspace": basis}
        settings = dict(self.settings)
        if "temperature" in self.part.defaults:
            settings["temperature"] = False
        made: Upsampler = self.part.build(given, settings)
        return made.requires_grad_(False).eval()

    def _code_of_patches(self, truth: Tensor, held: Sequence[int]) -> Tensor:
        """The projection of some patches (n, r, r): (n, code, 1, 1)."""
        masks = np.stack([(truth.numpy() == c).reshape(len(truth), -1) for c in held], axis=1).astype(
            np.float32
        )
        if self.subspace is None:
            return torch.from_numpy(masks.mean(axis=2))[:, :, None, None]
        some = self.subspace.components[: self.settings["channels"]][:, held]
        code = np.tensordot(masks, some, axes=((1, 2), (1, 2)))
        if self.subspace.centred:
            every = self.subspace.components[: self.settings["channels"]]
            code = code - np.tensordot(every, self.subspace.mean, axes=((1, 2), (0, 1)))
        return torch.from_numpy(code.astype(np.float32))[:, :, None, None]


def _descend(code: Tensor, scores: Any, target: Tensor, look: Any, moves: Tensor | None = None) -> None:
    """Adam on the code; `look` is shown it now and then."""
    code.requires_grad_(True)
    optimiser = torch.optim.Adam([code], lr=RATE)
    for step in range(1, STEPS + 1):
        optimiser.zero_grad()
        loss = F.cross_entropy(SHARPNESS * scores(code), target, ignore_index=-1, reduction="sum")
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own annotation is missing
        if moves is not None and code.grad is not None:
            code.grad *= moves
        optimiser.step()
        if step % STEPS_BETWEEN_LOOKS == 0:
            with torch.no_grad():
                look(code)


def _nowhere_worse(before: NDArray[np.int64], after: NDArray[np.int64]) -> bool:
    """Whether no class lost right pixels and none grew its union: then no score of any data set falls."""
    gained = after.diagonal() >= before.diagonal()
    unions = [m.sum(axis=0) + m.sum(axis=1) - m.diagonal() for m in (before, after)]
    return bool(gained.all() and (unions[1] <= unions[0]).all())


def _right(said: Tensor, truth: Tensor) -> Tensor:
    return (said == truth).flatten(1).sum(dim=1)


def _classes_in(labels: Tensor, classes: int) -> list[int]:
    found: list[int] = torch.unique(labels).tolist()
    return [c for c in found if c < classes]


def _local(truth: Tensor, held: Sequence[int]) -> Tensor:
    """Labels as places in `held`; −1 for what is not scored."""
    local = torch.full_like(truth, -1)
    for place, c in enumerate(held):
        local[truth == c] = place
    return local
