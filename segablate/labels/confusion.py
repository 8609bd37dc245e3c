"""Confusion matrices and the scores that follow from them.

mIoU here is always one confusion matrix over all images, and the mean over the classes that occur
in the truth. A class that is predicted but never true has no IoU of its own: its pixels are already
missing from the classes they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels

Counts = NDArray[np.int64]

FEW_CLASSES = 32


def confusion(truth: Labels, prediction: Labels, classes: int) -> Counts:
    """Pixels of class i predicted as class j, shape (C, C); truth ≥ C is not scored.

    Args:
        truth: label map, values ≥ C are ignored.
        prediction: label map of the same shape, values < C wherever truth is scored.
        classes: number of classes C.
    """
    # the narrowest type that holds every pair keeps the one pass over memory short
    narrow: type[np.unsignedinteger[Any]] = np.uint16 if classes <= 255 and truth.itemsize == 1 else np.uint32
    joint = truth.astype(narrow)
    joint *= narrow(classes)
    joint += prediction
    counts = np.bincount(joint.reshape(-1), minlength=classes * classes)[: classes * classes]
    return counts.reshape(classes, classes).astype(np.int64)


def confusion_near(truth: Labels, prediction: Labels, occurs: Counts) -> Counts:
    """The same, quicker where the two hardly differ: only pixels that differ are counted.

    Args:
        truth: label map, values ≥ C are ignored.
        prediction: label map of the same shape.
        occurs: pixels of each class in the truth, shape (C,).
    """
    classes = len(occurs)
    wrong = np.flatnonzero(truth != prediction)
    predicted, true = prediction.reshape(-1)[wrong], truth.reshape(-1)[wrong]
    scored = true < classes
    counts = confusion(true[scored], predicted[scored], classes)
    counts[np.diag_indices(classes)] += occurs - counts.sum(axis=1)
    return counts


def pixels_of_classes(label: Labels, classes: int) -> Counts:
    """Pixels of each class, shape (C,)."""
    if classes > FEW_CLASSES:
        return np.bincount(label.reshape(-1), minlength=classes)[:classes].astype(np.int64)
    # a comparison a class is quicker than a histogram, which waits for its own last count
    return np.array([np.count_nonzero(label == c) for c in range(classes)], np.int64)


@dataclass(frozen=True)
class Scores:
    """Scores of one confusion matrix, as fractions.

    Attributes:
        per_class_iou: class → IoU, for the classes that occur in the truth.
        miou: their mean; NaN where nothing was scored.
        pixel_accuracy: share of scored pixels that are right; NaN where nothing was scored.
        pixels: scored pixels.
    """

    per_class_iou: dict[int, float]
    miou: float
    pixel_accuracy: float
    pixels: int


def scores(matrix: Counts) -> Scores:
    """Scores of a confusion matrix of shape (C, C), truth along the rows."""
    right = matrix.diagonal()
    occurs = matrix.sum(axis=1)
    union = matrix.sum(axis=0) + occurs - right
    per_class = {int(c): float(right[c] / union[c]) for c in np.flatnonzero(occurs)}
    pixels = int(matrix.sum())
    miou = sum(per_class.values()) / len(per_class) if per_class else float("nan")
    return Scores(per_class, miou, float(right.sum() / pixels) if pixels else float("nan"), pixels)
