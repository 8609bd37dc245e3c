"""Score restored label maps against the truth: one pass over the maps for all restorers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segablate.labels import boundary
from segablate.labels.confusion import Counts, confusion_near, pixels_of_classes, scores
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.restore import Restorer
from segablate.labels.work import each
from segablate.labels.worker_pool import WorkerPool

MAPS_A_BATCH = 8

Compared = tuple[Counts, boundary.Regions]


@dataclass
class Tally:
    """What one way to restore got right over all images.

    Attributes:
        confusion: shape (C, C), truth along the rows.
        regions: pixels near contours, see `boundary`.
        images: label maps counted.
        miou: mIoU of each image by itself, in order, to find the worst.
    """

    confusion: Counts
    regions: boundary.Regions
    images: int = 0
    miou: list[float] = field(default_factory=list)

    @classmethod
    def empty(cls, classes: int) -> Tally:
        """Nothing counted yet."""
        return cls(np.zeros((classes, classes), np.int64), boundary.Regions.none(classes))

    def add(self, confusion: Counts, regions: boundary.Regions) -> None:
        """Count one image more."""
        self.confusion += confusion
        self.regions += regions
        self.images += 1
        self.miou.append(scores(confusion).miou)

    def worst(self, most: int) -> list[int]:
        """Numbers of the images with the lowest mIoU of their own, worst first."""
        order = np.argsort(np.nan_to_num(np.array(self.miou), nan=2.0), kind="stable")
        return [int(i) for i in order[:most]]


class Truth:
    """One label map with what every comparison with it needs, computed once."""

    def __init__(self, label: Labels, classes: int, ignore: int) -> None:
        self.label = label
        self.classes = classes
        self.ignore = ignore
        self.occurs = pixels_of_classes(label, classes)
        self.d = boundary.distance((label.shape[0], label.shape[1]))
        self.near = boundary.near_contour(label, self.d)
        self.occurs_near = boundary.occurrences(label, self.near, classes)
        self.ignored: NDArray[np.bool_] | None = (
            label >= classes if int(self.occurs.sum()) < label.size else None
        )

    def compare(self, restored: Labels) -> Compared:
        """Confusion and boundary regions of a restored map of at least the same size."""
        prediction = restored[: self.label.shape[0], : self.label.shape[1]]
        if self.ignored is not None:
            prediction = np.where(self.ignored, self.label, prediction)
        matrix = confusion_near(self.label, prediction, self.occurs)
        return matrix, boundary.regions(self.label, self.near, prediction, self.occurs_near, self.d)


def restore_all(label: Labels, restorers: Iterable[Restorer], ignore: int) -> list[Labels]:
    """The map restored in every way, padded sizes; restorers of one stride share its patches."""
    patches = {}
    restored: list[Labels] = []
    for restorer in restorers:
        stride = restorer.stride
        if stride not in patches:
            patches[stride] = cut(pad(label, stride, ignore), stride)
        restored += restorer.restore(patches[stride])
    return restored


def score(
    maps: Sequence[Callable[[], Labels]],
    restorers: Sequence[Restorer],
    *,
    classes: int,
    ignore: int,
    pool: Executor,
    workers: WorkerPool | None = None,
    tick: Callable[[int], None] = lambda _: None,
    spent: Callable[[float], None] = lambda _: None,
) -> list[Tally]:
    """A tally for each map a restorer gives, restorers in order.

    Args:
        maps: each call reads one label map.
        restorers: the ways to restore.
        classes: number of classes C.
        ignore: the value that is not scored.
        pool: threads to read and restore with.
        workers: processes for that where there are many maps, which must survive pickling then.
        tick: told how many more maps are done.
        spent: told how many more seconds of a core went into reading.
    """

    scoring = Scoring(list(restorers), classes, ignore)
    tallies: list[Tally] = []

    def done(made: tuple[list[list[Compared]], float]) -> None:
        for comparisons in made[0]:
            if not tallies:
                tallies.extend(Tally.empty(classes) for _ in comparisons)
            for tally, compared in zip(tallies, comparisons, strict=True):
                tally.add(*compared)
        tick(len(made[0]))
        spent(made[1])

    batches = [maps[start : start + MAPS_A_BATCH] for start in range(0, len(maps), MAPS_A_BATCH)]
    if workers is not None and workers.worth(len(maps)):
        for _ in workers.work(scoring, batches, done):
            pass  # nothing is gathered
    else:
        for made in each(pool, scoring.take, batches):
            done(made)
    return tallies


@dataclass
class Scoring:
    """The pass over the label maps: read each once, restore it in every way and compare."""

    restorers: list[Restorer]
    classes: int
    ignore: int

    def take(self, batch: Sequence[Callable[[], Labels]]) -> tuple[list[list[Compared]], float]:
        """For each map, what each restored map is worth; and the seconds that reading took."""
        begun = time.thread_time()
        read = [read_map() for read_map in batch]
        reading = time.thread_time() - begun
        return [self._compare(label) for label in read], reading

    def gathered(self) -> None:
        """Nothing is put aside."""

    def _compare(self, label: Labels) -> list[Compared]:
        truth = Truth(label, self.classes, self.ignore)
        return [truth.compare(restored) for restored in restore_all(label, self.restorers, self.ignore)]
