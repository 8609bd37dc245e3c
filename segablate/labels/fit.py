"""Fit subspaces to a set of label maps, reading each map once for all strides.

Three solvers give the same components:
- `moment` forms the second moment of the classes that meet, the quickest while it fits in memory;
- `runs` keeps the patches as runs and multiplies by those, for many classes or long patches;
- `sklearn` is IncrementalPCA on dense patches: slow, centred only, the second opinion.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from segablate.errors import SegablateError
from segablate.labels.moment import SecondMoment
from segablate.labels.patches import Labels, Patches, cut, layout, pad, raster
from segablate.labels.runs import RunLengths
from segablate.labels.subspace import Subspace, largest, principal
from segablate.labels.work import blas_threads, each, worker_count
from segablate.labels.worker_pool import WorkerPool

Solver = Literal["auto", "moment", "runs", "sklearn"]

MAPS_A_BATCH = 32
# all pairs of classes in float32: 21 classes at stride 32 take 1 GB, 150 classes 47 GB
MOMENT_LIMIT = 30_000

ALWAYS_CENTRED = "solver `sklearn` centres always"
CENTRE_IT = "set `bias: true` for the upsampler, or take another solver"


class Accumulator(Protocol):
    """Takes in label maps, then gives components."""

    def add(self, maps: Sequence[Patches]) -> None:
        """Take in the patches of some label maps; called from several threads."""

    def settle(self) -> None:
        """Reduce what was taken in, before it is handed over."""

    def merge(self, other: Any, /) -> None:
        """Take over what another of the same kind has taken in."""

    def solve(self, k: int, centred: bool, pool: Executor) -> Subspace:
        """The k leading components of all that was added."""


def accumulator(solver: Solver, classes: int, stride: int) -> Accumulator:
    """The accumulator of a solver; `auto` takes the moment where it fits."""
    if solver == "auto":
        solver = "moment" if largest(stride, classes) <= MOMENT_LIMIT else "runs"
    if solver == "sklearn":
        return DenseAccumulator(classes, stride)
    return MomentAccumulator(classes, stride) if solver == "moment" else RunsAccumulator(classes, stride)


def fit(
    maps: Sequence[Callable[[], Labels]],
    *,
    classes: int,
    ignore: int,
    wanted: dict[int, int],
    centred: bool,
    solver: Solver,
    pool: Executor,
    workers: WorkerPool | None = None,
    tick: Callable[[int], None] = lambda _: None,
    spent: Callable[[float], None] = lambda _: None,
) -> dict[int, Subspace]:
    """Subspaces for several strides from one pass over the label maps.

    Args:
        maps: each call reads one label map.
        classes: number of classes C.
        ignore: the value that is not a class.
        wanted: output stride → components wanted.
        centred: take the mean patch off.
        solver: see the module.
        pool: threads to read and count with.
        workers: processes for that where there are many maps, which must survive pickling then.
        tick: told how many more maps are done.
        spent: told how many more seconds of a core went into reading.
    """
    counting = Counting({stride: accumulator(solver, classes, stride) for stride in wanted}, ignore)
    batches = [maps[start : start + MAPS_A_BATCH] for start in range(0, len(maps), MAPS_A_BATCH)]

    def done(made: tuple[int, float]) -> None:
        tick(made[0])
        spent(made[1])

    # the dense solver heeds the order of the maps, and is a second opinion only
    in_order = solver == "sklearn"
    if workers is not None and workers.worth(len(maps)) and not in_order:
        for gathered in workers.work(counting, batches, done):
            counting.merge(gathered)
    else:
        for made in map(counting.take, batches) if in_order else each(pool, counting.take, batches):
            done(made)
    return {stride: counting.sums[stride].solve(k, centred, pool) for stride, k in wanted.items()}


@dataclass
class Counting:
    """The pass over the label maps: read each once, and take it in for every stride.

    Attributes:
        sums: output stride → what takes the patches in.
        ignore: the value that is not a class.
    """

    sums: dict[int, Accumulator]
    ignore: int

    def take(self, batch: Sequence[Callable[[], Labels]]) -> tuple[int, float]:
        """Read some maps and take them in; returns how many, and the seconds that reading took."""
        begun = time.thread_time()
        read = [read_map() for read_map in batch]
        reading = time.thread_time() - begun
        for stride, total in self.sums.items():
            total.add([cut(pad(label, stride, self.ignore), stride) for label in read])
        return len(read), reading

    def gathered(self) -> dict[int, Accumulator]:
        """What was taken in here."""
        for total in self.sums.values():
            total.settle()
        return self.sums

    def merge(self, sums: Mapping[int, Accumulator]) -> None:
        """Add what was taken in elsewhere."""
        for stride, total in self.sums.items():
            total.merge(sums[stride])


class MomentAccumulator(SecondMoment):
    """Solver `moment`."""

    def solve(self, k: int, centred: bool, pool: Executor) -> Subspace:
        """See `Accumulator`."""
        blocks = self.finish(pool)
        return principal(
            partial(blocks.times, pool=pool), blocks.count(), stride=self.layout.stride, classes=self.classes,
            patches=self.patches, k=k, centred=centred, pool=pool,
        )  # fmt: skip


class RunsAccumulator(RunLengths):
    """Solver `runs`."""

    def settle(self) -> None:
        """Nothing here can be made less."""

    def solve(self, k: int, centred: bool, pool: Executor) -> Subspace:
        """See `Accumulator`."""
        self.finish()
        return principal(
            self.moment_times, self.count(), stride=self.layout.stride, classes=self.classes,
            patches=self.patches, k=k, centred=centred, pool=pool,
        )  # fmt: skip


class DenseAccumulator:
    """Solver `sklearn`: every patch as a dense row, in order, through IncrementalPCA."""

    def __init__(self, classes: int, stride: int) -> None:
        self.classes, self.stride = classes, stride
        self._rows: list[Labels] = []

    def add(self, maps: Sequence[Patches]) -> None:
        """See `Accumulator`."""
        for patches in maps:
            pixels = layout(self.stride).pixels
            rows = np.repeat(patches.first.reshape(-1, 1), pixels, axis=1)
            rows[patches.mixed.reshape(-1)] = patches.mixed_pixels.reshape(-1, pixels)
            self._rows.append(rows)

    def settle(self) -> None:
        """Nothing here can be made less."""

    def merge(self, other: DenseAccumulator) -> None:
        """See `Accumulator`."""
        self._rows += other._rows

    def solve(self, k: int, centred: bool, pool: Executor) -> Subspace:
        """See `Accumulator`."""
        from sklearn.decomposition import IncrementalPCA

        if not centred:
            raise SegablateError(ALWAYS_CENTRED, hint=CENTRE_IT, field="solver")
        rows = np.concatenate(self._rows)
        if len(rows) < k:
            raise SegablateError(
                f"solver `sklearn` finds no more components than there are patches: "
                f"{k} are fitted, and there are {len(rows)} patches",
                hint="take another solver",
                field="solver",
            )
        batch = max(2 * k, 1024)
        pca = IncrementalPCA(n_components=k)
        # none is smaller than k, which IncrementalPCA would refuse
        for part in np.array_split(rows, max(1, len(rows) // batch)):
            # nothing else runs, so BLAS may have all cores; a share of no variance is 0/0
            with blas_threads(worker_count()), np.errstate(divide="ignore", invalid="ignore"):
                pca.partial_fit(one_hot(part, self.classes))
        variance = pca.singular_values_**2
        shape = (self.classes, self.stride * self.stride)
        place = raster(self.stride)
        components = np.empty((k, *shape), np.float32)
        components[:, :, place] = pca.components_.reshape(k, *shape)
        mean = np.empty(shape, np.float32)
        mean[:, place] = pca.mean_.reshape(shape)
        total = float(pca.var_.sum() * pca.n_samples_seen_)
        return Subspace(
            self.stride, self.classes, components, variance, total, mean, True, len(rows), float("nan")
        )


def one_hot(rows: Labels, classes: int) -> NDArray[np.float32]:
    """Dense one-hot patches, (n, pixels) → (n, C · pixels); a value ≥ C is a zero vector."""
    held = rows[:, None, :] == np.arange(classes)[None, :, None]
    dense: NDArray[np.float32] = held.reshape(len(rows), -1).astype(np.float32)
    return dense
