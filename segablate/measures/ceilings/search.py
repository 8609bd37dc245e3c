"""`encode: optimise`: search the code itself by gradient, one label map at a time.

    projection ──► code ──upsampler──► scores ──cross-entropy against the labels──► gradient ──► code

Only the classes of the image take part, and only the cells that can change anything: those of more
than one class, and for upsamplers whose cells overlap their neighbours too. What is kept is the best
code seen by the number of right pixels; where the upsampler treats every patch by itself, that of
every patch. A map whose mIoU fell by it keeps its projection, and so does the whole set of maps: the
search never ends below where it began.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.labels.ceiling import Tally, Truth
from segablate.labels.confusion import scores
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.restore import cell_averages
from segablate.labels.subspace import Subspace
from segablate.labels.work import each, threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import MeasureContext, Result
from segablate.measures.ceilings.setup import PICTURES, OracleSetup, kind
from segablate.models.upsamplers.base import Subspace as Basis
from segablate.models.upsamplers.base import Upsampler, upsampler_class, upsamplers
from segablate.records import Reads

STEPS = 80
RATE = 0.2
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


def search(cells: Sequence[Reads], ctx: MeasureContext) -> Iterator[Result | SegablateError]:
    """The searched ceiling of some cells on the same label maps."""
    setup = OracleSetup(cells[0], ctx)
    with threads() as pool, WorkerPool() as workers:
        components = setup.components(cells, pool, workers)
        for reads in cells:
            setup.begin()
            subspace = components[kind(reads)] if "fitted" in reads else None
            code_search = CodeSearch(
                reads["upsampler"], reads["output_stride"], setup.classes, setup.ignore, subspace
            )
            explained = subspace.explained(reads["upsampler"]["channels"]) if subspace else None
            begun = time.perf_counter()
            bar = ctx.progress(f"searching {reads['upsampler']['use']}", len(setup.items))
            with bar as tick, one_torch_thread():  # not beyond: whoever takes the result has its own threads
                tally, worst = score_all(code_search, setup, pool, tick)
            setup.seconds["score"] = time.perf_counter() - begun

            def again(number: int, _: Labels, worst: dict[int, Labels] = worst) -> Labels:
                return worst[number]

            yield setup.result(tally, again, explained)


def score_all(
    code_search: Search, setup: OracleSetup, pool: Executor, tick: Callable[[int], None]
) -> tuple[Tally, dict[int, Labels]]:
    """The tally, and the maps restored worst, by number; the projection's own where the search lost."""
    after, before = Tally.empty(setup.classes), Tally.empty(setup.classes)
    worst: dict[int, tuple[Labels, Labels]] = {}

    def search_map(read: Callable[[], Labels]) -> tuple[Labels, Labels, Truth, float]:
        begun = time.thread_time()
        label = read()
        reading = time.thread_time() - begun
        truth = Truth(label, code_search.classes, code_search.ignore)
        return *code_search.both(label, truth), truth, reading

    found_of_each = each(pool, search_map, setup.maps(setup.items))
    for number, (projected, searched, truth, reading) in enumerate(found_of_each):
        setup.reading(reading)
        before.add(*truth.compare(projected))
        after.add(*truth.compare(searched))
        worst[number] = projected, searched
        worst = {n: worst[n] for n in {*after.worst(PICTURES), *before.worst(PICTURES)} if n in worst}
        tick(1)
    # no image's own mIoU fell, yet the mean over classes of all images together still could
    fell = scores(after.confusion).miou < scores(before.confusion).miou
    return before if fell else after, {n: maps[0 if fell else 1] for n, maps in worst.items()}


class Search(Protocol):
    """A search for the best code of a label map."""

    classes: int
    ignore: int

    def both(self, label: Labels, truth: Truth) -> tuple[Labels, Labels]:
        """The map where the search began, and the best that was found. Padded sizes."""


class CodeSearch:
    """The search for the best code of a label map.

    Args:
        spec: the upsampler, as the cell reads it.
        stride: pixels a cell is high and wide.
        classes: number of classes C.
        ignore: a value ≥ C for pixels that are not scored.
        subspace: fitted components, for an upsampler that needs them.
    """

    def __init__(
        self, spec: Mapping[str, Any], stride: int, classes: int, ignore: int, subspace: Subspace | None
    ) -> None:
        self.part, self.settings = upsamplers.read(spec)
        made = upsampler_class(self.part.name)
        self.alone = not made.overlaps
        self.stride = stride
        self.classes = classes
        self.ignore = ignore
        self.subspace = subspace
        projection = made.restorer(classes, stride, self.settings, subspace)
        if projection is None:
            raise RuntimeError(f"{self.part.name} has no projection to start from, yet it was planned")
        self.projection = projection

    def both(self, label: Labels, truth: Truth) -> tuple[Labels, Labels]:
        """The map as projected, and the best that was found: its mIoU is not lower. Padded sizes."""
        padded = pad(label, self.stride, self.ignore)
        begun = self.projection.restore(cut(padded, self.stride))[0]
        searched = self._by_patch(padded, begun) if self.alone else self._whole(padded, begun)
        before, after = (scores(truth.compare(restored)[0]).miou for restored in (begun, searched))
        return begun, begun if after < before else searched

    def _by_patch(self, padded: Labels, begun: Labels) -> Labels:
        """Each mixed patch is searched, and its best kept, by itself."""
        rows, columns = padded.shape[0] // self.stride, padded.shape[1] // self.stride
        grid = (rows, self.stride, columns, self.stride)
        mixed = cut(padded, self.stride).mixed
        wrong = ((padded != begun) & (padded < self.classes)).reshape(grid).any(axis=(1, 3))
        chosen = mixed & wrong
        if not chosen.any():
            return begun
        truth = truth_of(padded.reshape(grid).transpose(0, 2, 1, 3)[chosen], self.classes)
        start = torch.from_numpy(begun.reshape(grid).transpose(0, 2, 1, 3)[chosen].astype(np.int64))
        held = self._enough(_classes_in(torch.cat([truth, start]), self.classes))
        upsampler, full = self._make(held), self._make(list(range(self.classes)))
        code = self._code_of_patches(truth, held)
        size = (self.stride, self.stride)
        best, right = start.clone(), _right(start, truth)
        everything = self.subspace is not None

        def look(at: Tensor) -> None:
            scores = (full if everything else upsampler)(at, size)
            predicted = scores.argmax(dim=1)
            predicted = predicted if everything else torch.tensor(held)[predicted]
            now = _right(predicted, truth)
            better = now > right
            best[better], right[better] = predicted[better], now[better]

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
        truth = truth_of(padded, self.classes)[None]
        near = torch.from_numpy(patches.mixed)[None, None].float()
        moves = F.max_pool2d(near, 3, 1, 1)
        size = (padded.shape[0], padded.shape[1])
        best = torch.from_numpy(begun.astype(np.int64))[None]
        right = _right(best, truth)

        def look(at: Tensor) -> None:
            predicted = torch.tensor(held)[upsampler(at, size).argmax(dim=1)]
            now = _right(predicted, truth)
            if bool(now > right):
                best[0], right[0] = predicted[0], now[0]

        code = torch.from_numpy(averages)[None].clone()
        _descend(code, lambda at: upsampler(at, size), _local(truth, held), look, moves)
        return best[0].numpy().astype(begun.dtype)

    def _enough(self, held: list[int]) -> list[int]:
        """The classes, and further ones where a patch of so few has fewer numbers than the code."""
        wanted = self.settings.get("channels", 1) if self.subspace is not None else 1
        others = [c for c in range(self.classes) if c not in held]
        while len(held) * self.stride**2 < wanted:
            held = [*held, others.pop(0)]
        return held

    def _make(self, held: Sequence[int]) -> Upsampler:
        """The upsampler for some of the classes only."""
        basis = None
        if self.subspace is not None:
            width = self.settings["channels"]
            some = self.subspace.components[:width][:, held]
            mean = self.subspace.mean[held].T.reshape(-1)
            basis = Basis(some.transpose(2, 1, 0).reshape(-1, width), mean)
        ingredients = {"classes": len(held), "stride": self.stride, "subspace": basis}
        settings = {**self.settings, **upsampler_class(self.part.name).in_ceilings}
        made: Upsampler = self.part.build(ingredients, settings)
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


def best_code(code: Tensor, scores_at: Callable[[Tensor], Tensor], target: Tensor, begun: Labels) -> Labels:
    """The label map (height, width) with most pixels right that the search for a code of all classes came by.

    Args:
        code: where to begin, (1, code, h, w).
        scores_at: code → scores (1, classes, height, width).
        target: classes (1, height, width), −1 where nothing is scored.
        begun: what is restored from the code as it is.
    """
    best = torch.from_numpy(begun.astype(np.int64))[None].to(target.device)
    right = _right(best, target)

    def look(at: Tensor) -> None:
        predicted = scores_at(at).argmax(dim=1)
        now = _right(predicted, target)
        if bool(now > right):
            best.copy_(predicted)
            right.copy_(now)

    _descend(code.clone(), scores_at, target, look)
    return best[0].cpu().numpy().astype(begun.dtype)


def _descend(
    code: Tensor,
    scores_at: Callable[[Tensor], Tensor],
    target: Tensor,
    look: Callable[[Tensor], None],
    moves: Tensor | None = None,
) -> None:
    """Adam on the cross-entropy of the code (n, code, h, w); `look` is shown it now and then.

    Args:
        code: where to begin, changed in place.
        scores_at: code → scores (n, classes, height, width).
        target: classes (n, height, width), −1 where nothing is scored.
        look: called with the code.
        moves: 1 for cells that may change, 0 for the others.
    """
    code.requires_grad_(True)
    optimiser = torch.optim.Adam([code], lr=RATE)
    scored = (target >= 0)[:, None].float()
    true = target.clamp(min=0)[:, None]
    for step in range(1, STEPS + 1):
        scores = scores_at(code)
        with torch.no_grad():  # softmax − one-hot, with fewer passes over memory than autograd would take
            slope = torch.softmax(SHARPNESS * scores, dim=1)
            slope.scatter_add_(1, true, torch.full_like(scored, -1.0))
            slope *= scored
        optimiser.zero_grad()
        scores.backward(slope)  # type: ignore[no-untyped-call]  # torch's own annotation is missing
        if moves is not None and code.grad is not None:
            code.grad *= moves
        optimiser.step()
        if step % STEPS_BETWEEN_LOOKS == 0:
            with torch.no_grad():
                look(code)


def _right(predicted: Tensor, truth: Tensor) -> Tensor:
    return (predicted == truth).flatten(1).sum(dim=1)


def _classes_in(labels: Tensor, classes: int) -> list[int]:
    present: list[int] = torch.unique(labels).tolist()
    return [c for c in present if 0 <= c < classes]


def truth_of(labels: Labels, classes: int) -> Tensor:
    """Labels, −1 for what is not scored: nothing that is restored equals it."""
    truth = torch.from_numpy(labels.astype(np.int64))
    return truth.masked_fill_(truth >= classes, -1)


def _local(truth: Tensor, held: Sequence[int]) -> Tensor:
    """Labels as places in `held`; −1 for what is not scored."""
    local = torch.full_like(truth, -1)
    for place, c in enumerate(held):
        local[truth == c] = place
    return local
