"""Store labels at 1/r of their size and restore them: the linear projection of each upsampler.

    patches ──encode──► code at 1/r ──restore──► scores ──arg max──► label map

A tie goes to the lowest class. An ignored pixel is a zero vector: it adds to no class.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
        codes = self._codes(rows)
        scores, more, best = self._scratch(len(rows))
        begin = 0
        for width, out in zip(self._widths, restored, strict=True):
            target = more if begin else scores
            np.matmul(codes[:, begin:width], self._decode[begin:width], out=target)
            if begin:
                scores += more
            elif self._mean is not None:
                scores += self._mean
            by_class = scores.reshape(len(rows), self.classes, -1)
            by_class.max(axis=1, out=best)
            for c in reversed(range(1, self.classes)):
                np.putmask(out, by_class[:, c] == best, c)
            np.putmask(out, by_class[:, 0] == best, 0)
            begin = width

    def _codes(self, rows: Labels) -> Floats:
        codes = np.zeros((len(rows), self._widths[-1]), np.float32)
        if self._mean_code is not None:
            codes -= self._mean_code
        held = np.flatnonzero(np.bincount(rows.reshape(-1), minlength=self.classes)[: self.classes])
        for c in held:
            codes += (rows == c).astype(np.float32) @ self._encode[c]
        return codes

    def _scratch(self, rows: int) -> tuple[Floats, Floats, Floats]:
        """Buffers of this thread: fresh pages for every block would cost more than the arithmetic."""
        if not hasattr(self._buffers, "held"):
            length = self._decode.shape[1]
            shapes = [(PATCHES_AT_ONCE, length)] * 2 + [(PATCHES_AT_ONCE, length // self.classes)]
            self._buffers.held = [np.empty(shape, np.float32) for shape in shapes]
        scores, more, best = self._buffers.held
        return scores[:rows], more[:rows], best[:rows]


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
