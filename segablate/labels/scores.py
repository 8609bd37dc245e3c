"""All scores of a model's label maps, from counts of one pass over each pair of truth and prediction.

    truth, prediction ──► counts[size of the object, distance to a border, truth, prediction]
                                  └──────────── added up in four ways ────────────┘
                          the image's own matrix · the data set's · one a band · one a size

mIoU is always that of one matrix over the data set, the mean over the classes that occur in its truth.
That of a band or of a size is the same of the matrix of its pixels only: a false alarm is counted with
the border and with the size of the object it lies on, and an object painted over its large
surroundings is the surroundings' loss. Boundary IoU is in `labels.boundary`, the bands in
`labels.bands`, what an object is in `labels.objects`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.errors import SegablateError
from segablate.labels import boundary
from segablate.labels.bands import WIDTHS, rings
from segablate.labels.confusion import scores
from segablate.labels.objects import SIZES, sizes
from segablate.labels.patches import Labels

Counts = NDArray[np.int64]


class Scores:
    """Scores over a data set, image by image, at the resolution of its label maps.

    Args:
        classes: number of classes C.
        ignore: value of the truth that is not scored, at least C.
        widths: widths of the bands around class borders in pixels, increasing.
    """

    def __init__(self, classes: int, *, ignore: int = 255, widths: Sequence[int] = WIDTHS) -> None:
        if not 1 <= classes <= ignore:
            raise ValueError(f"{classes} classes leave no room for {ignore}, which is ignored")
        if not widths or widths[0] < 1 or any(b <= a for a, b in pairwise(widths)):
            raise ValueError(f"widths {widths} do not increase from at least 1")
        self.classes = classes
        self.ignore = ignore
        self.widths = tuple(widths)
        self._names: list[str] = []
        self._each: list[NDArray[np.uint32]] = []
        # [size, ring, truth, prediction]; ring i lies within the band of widths[i] and outside the one before
        self._counts: Counts = np.zeros((len(SIZES), len(widths) + 1, classes, classes), np.int64)
        self._regions = boundary.Regions.none(classes)

    def add(self, name: str, truth: Labels, predicted: Labels) -> None:
        """Count one image.

        Args:
            name: the image's.
            truth: label map (height, width): classes, or `ignore`.
            predicted: label map of the same shape, classes.

        Raises:
            SegablateError: shapes differ, or a value is none of the classes.
        """
        self._check(name, truth, predicted)
        scored = truth < self.classes
        counts = self._count(truth, predicted, scored)
        self._counts += counts
        self._each.append(counts.sum(axis=(0, 1)).astype(np.uint32))
        self._names.append(name)
        self._regions += _regions(truth, predicted, scored, self.classes)

    @property
    def confusions(self) -> NDArray[np.uint32]:
        """Matrix of each image, shape (images, C, C), truth along the rows.

        Images lie next to each other in memory: that way an archive of them is smallest.
        """
        if not self._each:
            return np.zeros((0, self.classes, self.classes), np.uint32)
        return np.asfortranarray(np.stack(self._each))

    def blocks(self, blocks: Sequence[str]) -> dict[str, NDArray[Any]]:
        """What a contrast over scenes needs: images that belong together, added up.

        Args:
            blocks: the block of each image.

        Returns:
            `names` (blocks,) in order of appearance, and `confusions` (blocks, C, C).
        """
        names = list(dict.fromkeys(blocks))
        summed = np.zeros((len(names), self.classes, self.classes), np.int64)
        np.add.at(summed, [names.index(block) for block in blocks], self.confusions)
        return {"names": np.array(names, dtype=np.str_), "confusions": np.asfortranarray(summed)}

    def summary(self) -> dict[str, Any]:
        """All scores, as fractions; NaN where no pixel was scored.

        Returns:
            `miou`, `pixel_accuracy`, `boundary_iou`; `per_class_iou` by the class's number as text,
            of the classes that occur in the truth; `trimap`, mIoU by the band's width as text;
            `by_size`, mIoU by the word of `labels.objects`. Bands and sizes without pixels are left out.
        """
        whole = scores(self._counts.sum(axis=(0, 1)))
        bands = {str(w): scores(matrix) for w, matrix in zip(self.widths, self._bands(), strict=True)}
        by_size = {word: scores(matrix) for word, matrix in zip(SIZES, self._sizes(), strict=True)}
        return {
            "miou": whole.miou,
            "pixel_accuracy": whole.pixel_accuracy,
            "boundary_iou": self._regions.iou(),
            "per_class_iou": {str(c): iou for c, iou in whole.per_class_iou.items()},
            "trimap": {width: part.miou for width, part in bands.items() if part.pixels},
            "by_size": {word: part.miou for word, part in by_size.items() if part.pixels},
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What the scores came from.

        Returns:
            `confusions` (images, C, C) and `names` (images,); `bands` (widths, C, C), each band's matrix,
            and `widths`; `sizes` (3, C, C), each size's matrix; `boundary` (3, C), pixels of both maps'
            contours, of the truth's, of the prediction's.
        """
        return {
            "names": np.array(self._names, dtype=np.str_),
            "confusions": self.confusions,
            "widths": np.array(self.widths, np.int64),
            "bands": self._bands(),
            "sizes": self._sizes(),
            "boundary": np.stack([self._regions.both, self._regions.truth, self._regions.prediction]),
        }

    def _bands(self) -> Counts:
        # bands hold those before them
        matrices: Counts = self._counts.sum(axis=0)[:-1].cumsum(axis=0)
        return matrices

    def _sizes(self) -> Counts:
        matrices: Counts = self._counts.sum(axis=1)
        return matrices

    def _count(self, truth: Labels, predicted: Labels, scored: NDArray[np.bool_]) -> Counts:
        """One image's counts, shaped as `_counts`."""
        groups = self._counts.shape[0] * self._counts.shape[1]
        group = sizes(truth) * np.uint8(self._counts.shape[1]) + rings(truth, self.widths)
        group[~scored] = groups
        joint = group.astype(np.uint32)
        for digit in (truth, predicted):
            joint *= np.uint32(self.classes)
            joint += digit
        # what is ignored comes after all that is counted, whatever its label
        length = groups * self.classes**2
        return np.bincount(joint.reshape(-1), minlength=length)[:length].reshape(self._counts.shape)

    def _check(self, name: str, truth: Labels, predicted: Labels) -> None:
        if truth.shape != predicted.shape:
            true, answered = ("×".join(map(str, array.shape)) for array in (truth, predicted))
            raise SegablateError(f"the label map is {true}, but {answered} were predicted", where=name)
        for what, labels in (("label", truth), ("predicted label", predicted)):
            beyond = labels >= self.classes
            if what == "label":
                beyond &= labels != self.ignore
            if beyond.any():
                raise SegablateError(_beyond(what, labels, beyond, self.classes, self.ignore), where=name)


def _regions(truth: Labels, predicted: Labels, scored: NDArray[np.bool_], classes: int) -> boundary.Regions:
    """Pixels near contours; the prediction is taken for the truth where nothing is scored."""
    d = boundary.distance((truth.shape[0], truth.shape[1]))
    near = boundary.near_contour(truth, d)
    prediction = predicted if scored.all() else np.where(scored, predicted, truth)
    return boundary.regions(truth, near, prediction, boundary.occurrences(truth, near, classes), d)


def _beyond(what: str, labels: Labels, beyond: NDArray[np.bool_], classes: int, ignore: int) -> str:
    row, column = np.argwhere(beyond)[0]
    value = labels[row, column]
    return (
        f"{what} {value} at row {row}, column {column}, but there are {classes} classes"
        f" and `ignore` is {ignore}"
    )
