"""Boundary IoU: IoU over the pixels near a contour only (Cheng et al., CVPR 2021, arXiv:2103.16562).

A mask's boundary region is the mask less its erosion by a square of side 2d + 1, where d is a share
of the image's diagonal, and the frame of the image counts as a contour. A pixel of class c survives
the erosion exactly if the whole window around it is of class c: so one window minimum and maximum
over the label map serves every class at once. The prediction is ignored where the truth is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels

# Cheng et al. use 2 % of the diagonal on COCO and LVIS, 0.5 % on Cityscapes' larger images
RATIO = 0.02

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Regions:
    """Boundary pixels by class, each of shape (C,): of both maps, of the truth, of the prediction."""

    both: Counts
    truth: Counts
    prediction: Counts

    def __add__(self, other: Regions) -> Regions:
        return Regions(self.both + other.both, self.truth + other.truth, self.prediction + other.prediction)

    @classmethod
    def none(cls, classes: int) -> Regions:
        """No pixels yet."""
        return cls(*(np.zeros(classes, np.int64) for _ in range(3)))

    def iou(self) -> float:
        """Mean over the classes that occur in the truth; NaN where there is none."""
        union = self.truth + self.prediction - self.both
        found = self.truth > 0
        return float((self.both[found] / union[found]).mean()) if found.any() else float("nan")


def distance(shape: tuple[int, int], ratio: float = RATIO) -> int:
    """d in pixels for an image of that shape: ratio × diagonal, rounded, at least 1."""
    return max(1, round(ratio * float(np.hypot(*shape))))


def near_contour(label: Labels, d: int) -> NDArray[np.bool_]:
    """Pixels whose (2d + 1)² window holds two values or leaves the image; shape of the map."""
    near = np.ones(label.shape, bool)
    height, width = label.shape
    if min(height, width) > 2 * d:
        low, high = (_windows(label, 2 * d + 1, op) for op in (np.minimum, np.maximum))
        np.not_equal(low, high, out=near[d : height - d, d : width - d])
    return near


def regions(
    truth: Labels, near_truth: NDArray[np.bool_], prediction: Labels, classes: int, d: int
) -> Regions:
    """Boundary pixels of one image.

    Args:
        truth: label map, values ≥ C are ignored.
        near_truth: its `near_contour`.
        prediction: label map, equal to the truth wherever the truth is ignored.
        classes: number of classes C.
        d: half width of the window.
    """
    near = near_contour(prediction, d)
    both = truth[near & near_truth & (truth == prediction)]
    return Regions(
        _count(both, classes), _count(truth[near_truth], classes), _count(prediction[near], classes)
    )


def _count(values: Labels, classes: int) -> Counts:
    return np.bincount(values, minlength=classes)[:classes].astype(np.int64)


def _windows(label: Labels, side: int, op: Callable[..., Any]) -> Labels:
    """Minimum or maximum over every side × side window that lies inside the map."""
    for axis in (0, 1):
        label = np.moveaxis(label, axis, 0)
        covered = 1
        while covered < side:  # windows may overlap, so their length doubles
            step = min(covered, side - covered)
            label = op(label[:-step], label[step:])
            covered += step
        label = np.moveaxis(label, 0, axis)
    return label
