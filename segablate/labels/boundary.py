"""Boundary IoU: IoU over the pixels near a contour only (Cheng et al., CVPR 2021, arXiv:2103.16562).

A mask's boundary region is the mask less its erosion by a square of side 2d + 1, where d is a share
of the image's diagonal, and the frame of the image counts as a contour. A pixel of class c survives
the erosion exactly if the whole window around it is of class c, that is if no 2 × 2 block in it holds
two values: one dilation of those blocks serves every class at once. The prediction is ignored where
the truth is.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        occur = self.truth > 0
        return float((self.both[occur] / union[occur]).mean()) if occur.any() else float("nan")


def distance(shape: tuple[int, int], ratio: float = RATIO) -> int:
    """d in pixels for an image of that shape: ratio × diagonal, rounded, at least 1."""
    return max(1, round(ratio * float(np.hypot(*shape))))


def near_contour(label: Labels, d: int) -> NDArray[np.bool_]:
    """Pixels whose (2d + 1)² window holds two values or leaves the image; shape of the map."""
    near = np.ones(label.shape, bool)
    height, width = label.shape
    if min(height, width) > 2 * d:
        corner = label[:-1, :-1]
        uneven = (corner != label[:-1, 1:]) | (corner != label[1:, :-1]) | (corner != label[1:, 1:])
        near[d : height - d, d : width - d] = _any_in_window(uneven, 2 * d)
    return near


def occurrences(label: Labels, near: NDArray[np.bool_], classes: int) -> Counts:
    """Boundary pixels of each class, shape (C,), given the map's `near_contour`."""
    return _count(label[near], classes)


def regions(
    truth: Labels, near_truth: NDArray[np.bool_], prediction: Labels, occurs: Counts, d: int
) -> Regions:
    """Boundary pixels of one image, counted where the two maps differ and inferred elsewhere.

    Args:
        truth: label map, values ≥ C are ignored.
        near_truth: its `near_contour`.
        prediction: label map, equal to the truth wherever the truth is ignored.
        occurs: `occurrences` of the truth.
        d: half width of the window.
    """
    near = near_contour(prediction, d)
    wrong = truth != prediction
    differs = np.flatnonzero((near != near_truth) | (wrong & near))
    here, there = near_truth.reshape(-1)[differs], near.reshape(-1)[differs]
    true, predicted = truth.reshape(-1)[differs], prediction.reshape(-1)[differs]
    lost = _count(true[here], len(occurs))
    return Regions(occurs - lost, occurs, occurs - lost + _count(predicted[there], len(occurs)))


def _count(values: Labels, classes: int) -> Counts:
    return np.bincount(values, minlength=classes)[:classes].astype(np.int64)


def _any_in_window(marks: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Whether there is a mark in each side × side window that lies inside the map."""
    for axis in (0, 1):
        covered = 1
        while covered < side:  # windows may overlap, so their length doubles
            step = min(covered, side - covered)
            marks = marks[:-step] | marks[step:] if axis == 0 else marks[:, :-step] | marks[:, step:]
            covered += step
    return marks
