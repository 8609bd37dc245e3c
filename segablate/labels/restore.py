"""Store labels at 1/r of their size and restore them: the linear projection of each upsampler.

    patches ──encode──► code at 1/r ──restore──► scores ──arg max──► label map

A tie goes to the lowest class. An ignored pixel is a zero vector: it adds to no class, and what is
restored there means nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import sgemm

from segablate.labels.patches import Labels, Patches, layout, paste, raster
from segablate.labels.subspace import Subspace

Floats = NDArray[np.float32]

# so many patches at a time that their scores stay in a core's cache
PATCHES_AT_ONCE = 64


class Restorer(Protocol):
    """A way to restore label maps from a code at 1/stride of their size."""

    @property
    def stride(self) -> int:
        """Side of a patch in pixels."""

    def restore(self, patches: Patches) -> list[Labels]:
        """Restored maps of the padded size, one for each code width the restorer has."""


@dataclass(frozen=True)
class Nearest:
    """Every pixel of a cell gets the cell's most frequent class."""

    stride: int
    classes: int

    def restore(self, patches: Patches) -> list[Labels]:
        """See `Restorer`."""
        present, code = cell_averages(patches, self.classes)
        best = present[code.argmax(axis=0)].astype(patches.first.dtype)
        return [best.repeat(self.stride, axis=0).repeat(self.stride, axis=1)]


@dataclass(frozen=True)
class Bilinear:
    """Bilinear interpolation of the cells' averages."""

    stride: int
    classes: int
    align_corners: bool = False

    def restore(self, patches: Patches) -> list[Labels]:
        """See `Restorer`."""
        present, code = cell_averages(patches, self.classes)
        rows = interpolation(code.shape[1], self.stride, self.align_corners)
        columns = interpolation(code.shape[2], self.stride, self.align_corners)
        best: Floats | None = None
        for c, average in zip(present, code, strict=True):
            scores = rows @ (average @ columns.T)
            if best is None:
                best, restored = scores, np.full(scores.shape, c, patches.first.dtype)
            else:
                np.putmask(restored, scores > best, c)
                np.maximum(scores, best, out=best)
        return [restored]


class Linear:
    """DUpsampling: x = Pv, ṽ = Wx, for several nested numbers of channels at once.

    Args:
        subspace: the fitted components.
        channels: numbers of components C̃ to restore from, in any order.
    """

    def __init__(self, subspace: Subspace, channels: Sequence[int]) -> None:
        self.stride: int = subspace.stride
        self.classes = subspace.classes
        self.channels = tuple(channels)
        self._widths = sorted(set(channels))
        kept = subspace.components[: self._widths[-1]][:, :, raster(self.stride)]
        pixels = layout(self.stride).pixels
        self._decode = np.ascontiguousarray(kept.reshape(len(kept), -1))
        self._encode = np.ascontiguousarray(kept.transpose(1, 2, 0))
        mean = subspace.mean[:, raster(self.stride)]
        self._mean = mean.reshape(-1) if subspace.centred else None
        self._mean_code = (
            np.tensordot(self._encode, mean, axes=((0, 1), (0, 1))) if subspace.centred else None
        )
        self._buffers = threading.local()
        values = np.arange(self.classes + 1, dtype=np.uint16)[:, None].repeat(pixels, axis=1)
        # a patch of one class is the same everywhere: restored once, for all widths
        self._pure = self._restore_rows(values)

    def restore(self, patches: Patches) -> list[Labels]:
        """See `Restorer`."""
        dtype = patches.first.dtype
        mixed = self._restore_rows(patches.flat)
        first = np.minimum(patches.first, self.classes)
        grids = []
        for pure, rows in zip(self._pure, mixed, strict=True):
            grid = pure.astype(dtype)[first]
            grid[patches.mixed] = rows
            side = paste(grid.reshape(-1, grid.shape[-1]), self.stride)
            whole = side.reshape(*first.shape, self.stride, self.stride).transpose(0, 2, 1, 3)
            grids.append(whole.reshape(first.shape[0] * self.stride, first.shape[1] * self.stride))
        return [grids[self._widths.index(width)] for width in self.channels]

    def _restore_rows(self, rows: Labels) -> list[Labels]:
        """Rows of patches, (n, pixels) in kept order → restored rows for each width, ascending."""
        restored = [
            np.zeros(rows.shape, np.uint8 if self.classes <= 256 else np.uint16) for _ in self._widths
        ]
        for start in range(0, len(rows), PATCHES_AT_ONCE):
            part = slice(start, start + PATCHES_AT_ONCE)
            self._restore_part(rows[part], [out[part] for out in restored])
        return restored

    def _restore_part(self, rows: Labels, restored: list[Labels]) -> None:
        held = np.flatnonzero(np.bincount(rows.reshape(-1), minlength=self.classes)[: self.classes]).tolist()
        codes = self._codes(rows, held)
        ignored = rows >= self.classes
        scores, best = self._scratch(len(rows))
        scores[...] = 0.0 if self._mean is None else self._mean
        begin = 0
        for width, out in zip(self._widths, restored, strict=True):
            # Fortran's view of C's arrays: scores += codes · W, in place
            sgemm(1.0, self._decode[begin:width].T, codes[:, begin:width].T, 1.0, scores.T, overwrite_c=True)
            by_class = scores.reshape(len(rows), self.classes, -1)
            order = held + [c for c in range(self.classes) if c not in held]
            best[...] = by_class[:, order[0]]
            # nothing is known of ignored pixels, so any class would win there: nobody looks
            best[ignored] = np.inf
            _best_class(by_class, order, best, out)
            np.copyto(out, rows, where=ignored, casting="unsafe")
            begin = width

    def _codes(self, rows: Labels, held: Sequence[int]) -> Floats:
        codes = np.zeros((len(rows), self._widths[-1]), np.float32)
        if self._mean_code is not None:
            codes -= self._mean_code
        for c in held:
            codes += (rows == c).astype(np.float32) @ self._encode[c]
        return codes

    def _scratch(self, rows: int) -> tuple[Floats, Floats]:
        """Buffers of this thread: fresh pages for every block would cost more than the arithmetic."""
        if not hasattr(self._buffers, "held"):
            length = self._decode.shape[1]
            scores = np.empty((PATCHES_AT_ONCE, length), np.float32)
            self._buffers.held = scores, np.empty((PATCHES_AT_ONCE, length // self.classes), np.float32)
        scores, best = self._buffers.held
        return scores[:rows], best[:rows]


def _best_class(scores: Floats, order: Sequence[int], best: Floats, out: Labels) -> None:
    """Arg max over classes, (n, C, pixels) → (n, pixels), ties to the lowest.

    Args:
        scores: of each class.
        order: the classes, likely ones first: that another does not win takes one comparison.
        best: scores of the first of them; raised to the best of all.
        out: takes the class.
    """
    out[...] = order[0]
    highest = order[0]
    for c in order[1:]:
        score = scores[:, c]
        may_tie = c < highest
        wins = score >= best if may_tie else score > best
        highest = max(highest, c)
        if not wins.any():
            continue
        if may_tie:
            wins &= (score > best) | (out > c)
        np.putmask(out, wins, c)
        np.maximum(best, score, out=best)


def cell_averages(patches: Patches, classes: int) -> tuple[NDArray[np.intp], Floats]:
    """Classes present and the share of each in every cell, shape (present, rows, columns)."""
    flat = patches.flat
    pure = patches.first[~patches.mixed]
    seen = np.bincount(flat.reshape(-1), minlength=classes)[:classes]
    present = np.flatnonzero(seen + np.bincount(pure, minlength=classes)[:classes])
    if not len(present):
        return np.zeros(1, np.intp), np.zeros((1, *patches.first.shape), np.float32)
    code = np.empty((len(present), *patches.first.shape), np.float32)
    for average, c in zip(code, present, strict=True):
        average[...] = patches.first == c
        average[patches.mixed] = (flat == c).mean(axis=1, dtype=np.float32)
    return present, code


@lru_cache(maxsize=256)
def interpolation(cells: int, stride: int, align_corners: bool = False) -> Floats:
    """Bilinear weights along one axis, (cells · stride, cells).

    The outermost pixels' centres lie on the outermost cells' centres with `align_corners`; without it
    the edges of the first pixel and the first cell coincide, and what lies beyond a centre is clamped.
    """
    pixels = cells * stride
    if align_corners:
        place = np.linspace(0, cells - 1, pixels)
    else:
        place = np.clip((np.arange(pixels) + 0.5) / stride - 0.5, 0, cells - 1)
    low = np.minimum(np.floor(place).astype(int), max(cells - 2, 0))
    weights = np.zeros((pixels, cells), np.float32)
    weights[np.arange(pixels), np.minimum(low + 1, cells - 1)] += place - low
    weights[np.arange(pixels), low] += 1 - (place - low)
    weights.flags.writeable = False
    return weights
