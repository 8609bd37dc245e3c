"""Linear codes of limited length: each number of a cell is rounded to one of 2^b values.

The values are the centres of a k-means of that number over a sample of patches, which is Lloyd's quantiser
(Lloyd, Least squares quantization in PCM, 1982): it has the least mean squared error where it ends, and that
may be a local minimum. It starts with values that lie evenly among those that occur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.codes import Numbers, Sample, Weights
from segablate.labels.patches import Labels, Patches, occurring, paste, raster
from segablate.labels.restore import PIXELS_AT_ONCE, Floats, cell_averages, interpolation
from segablate.labels.subspace import Subspace

ROUNDS = 200


def lloyd(values: NDArray[np.floating[Any]], weights: Weights, most: int) -> Floats:
    """The centres of at most so many clusters of numbers, ascending."""
    order = np.argsort(values, kind="stable")
    held = values[order].astype(np.float64)
    heavy = np.concatenate([[0.0], np.cumsum(weights[order], dtype=np.float64)])
    moment = np.concatenate([[0.0], np.cumsum(weights[order] * held)])
    occur = np.unique(held)
    centres = occur[np.unique(np.linspace(0, len(occur) - 1, most).round().astype(np.intp))]
    for _ in range(ROUNDS):
        ends = [0, *np.searchsorted(held, (centres[1:] + centres[:-1]) / 2), len(held)]
        weight, sums = np.diff(heavy[ends]), np.diff(moment[ends])
        # what lost all of its values stays where it is
        moved = np.where(weight > 0, sums / np.where(weight > 0, weight, 1.0), centres)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres.astype(np.float32)


def _nearest(values: NDArray[np.floating[Any]], centres: Floats) -> Numbers:
    return np.searchsorted((centres[1:] + centres[:-1]) / 2, values).astype(np.uint16)


@dataclass(frozen=True)
class Shares:
    """Bilinear interpolation of rounded cell averages: a number for each class.

    Attributes:
        stride: side of a patch.
        classes: number of classes C.
        align_corners: see `restore.interpolation`.
        centres: what a share is rounded to, the same for all classes.
        most: how many centres there could be.
    """

    stride: int
    classes: int
    align_corners: bool
    centres: Floats
    most: int

    @classmethod
    def fitted(cls, sample: Sample, align_corners: bool, most: int) -> Shares:
        """Centres of the shares that occur in a sample."""
        rows, classes = sample.rows, sample.classes
        shares = np.concatenate([(rows == c).mean(axis=1) for c in range(classes)])
        centres = lloyd(shares, np.tile(sample.weights, classes), most)
        return cls(sample.stride, classes, align_corners, centres, most)

    @property
    def levels(self) -> tuple[int, ...]:
        """See `Code`."""
        return (self.most,) * self.classes

    def encode(self, patches: Patches) -> Numbers:
        """See `Code`."""
        present, averages = cell_averages(patches, self.classes)
        absent = _nearest(np.zeros(1), self.centres)[0]
        numbers = np.full((*patches.first.shape, self.classes), absent, np.uint16)
        numbers[..., present] = _nearest(averages, self.centres).transpose(1, 2, 0)
        return numbers

    def decode(self, numbers: Numbers) -> Labels:
        """See `Code`."""
        rows, columns = (interpolation(n, self.stride, self.align_corners) for n in numbers.shape[:2])
        best, restored = None, np.zeros((0, 0), np.uint16)
        for c in range(self.classes):
            shares = self.centres[numbers[..., c]].astype(np.float64)
            scores = rows.enlarged(columns.enlarged(shares.T).T)
            if best is None:
                best, restored = scores, np.zeros(scores.shape, np.uint16)
                continue
            np.putmask(restored, scores > best, c)
            np.maximum(best, scores, out=best)
        return restored


class Coefficients:
    """DUpsampling with rounded coefficients: x = Pv, ṽ = Wx̂.

    Args:
        subspace: the fitted components.
        channels: how many of them, C̃.
        sample: patches whose coefficients tell what to round to.
        most: values that a coefficient may have.
    """

    def __init__(self, subspace: Subspace, channels: int, sample: Sample, most: int) -> None:
        self.stride, self.classes, self.most = subspace.stride, subspace.classes, most
        place = raster(self.stride)
        components = subspace.components[:channels][:, :, place]
        self._decode = np.ascontiguousarray(components.transpose(1, 0, 2))
        self._encode = np.ascontiguousarray(components.transpose(1, 2, 0))
        self._mean = subspace.mean[:, place]
        self._mean_code = np.tensordot(self._encode, self._mean, axes=((0, 1), (0, 1)))
        pixels = np.arange(self.classes + 1, dtype=np.uint16)[:, None].repeat(components.shape[2], axis=1)
        codes = self._codes(sample.rows)
        self._centres = [lloyd(column, sample.weights, most) for column in codes.T]
        self._pure = self._rounded(pixels)

    @property
    def levels(self) -> tuple[int, ...]:
        """See `Code`."""
        return (self.most,) * len(self._centres)

    def encode(self, patches: Patches) -> Numbers:
        """See `Code`."""
        numbers = self._pure[np.minimum(patches.first, self.classes)]
        numbers[patches.mixed] = self._rounded(patches.flat)
        return numbers

    def decode(self, numbers: Numbers) -> Labels:
        """See `Code`."""
        height, width = numbers.shape[:2]
        # cells of one class are alike
        cells, place = np.unique(numbers.reshape(height * width, -1), axis=0, return_inverse=True)
        codes = np.stack([c[n] for c, n in zip(self._centres, cells.T, strict=True)], axis=1)
        at_once = max(1, PIXELS_AT_ONCE // self.stride**2)
        parts = [self._restored(codes[start : start + at_once]) for start in range(0, len(codes), at_once)]
        sides = paste(np.concatenate(parts)[place.reshape(-1)], self.stride)
        whole = sides.reshape(height, width, self.stride, self.stride).transpose(0, 2, 1, 3)
        return whole.reshape(height * self.stride, width * self.stride)

    def _restored(self, codes: Floats) -> Labels:
        """Codes (n, C̃) → the class with the highest score, the lowest of equals, (n, stride²)."""
        best = codes @ self._decode[0] + self._mean[0]
        restored = np.zeros(best.shape, np.uint16)
        for c in range(1, self.classes):
            scores = codes @ self._decode[c] + self._mean[c]
            np.putmask(restored, scores > best, c)
            np.maximum(best, scores, out=best)
        return restored

    def _codes(self, rows: Labels) -> Floats:
        codes = np.zeros((len(rows), self._encode.shape[2]), np.float32) - self._mean_code
        for c in occurring(rows, self.classes):
            codes += (rows == c).astype(np.float32) @ self._encode[c]
        return codes

    def _rounded(self, rows: Labels) -> Numbers:
        columns = [_nearest(x, c) for x, c in zip(self._codes(rows).T, self._centres, strict=True)]
        return np.stack(columns, axis=1)
