"""Store labels at 1/r of their size and restore them: the linear projection of each upsampler.

    patches ──encode──► code at 1/r ──restore──► scores ──arg max──► label map

A tie goes to the lowest class: nearest and bilinear count in whole numbers, so that equal scores are equal.
DUpsampling's scores are rounded, and in another order when other widths are restored beside it.
An ignored pixel is a zero vector: it adds to no class, and what is restored there means nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels, Patches, layout, occurring, paste, raster
from segablate.labels.subspace import Subspace

Floats = NDArray[np.float32]
Counts: TypeAlias = NDArray[np.floating[Any]]

# whole numbers up to here are themselves
EXACT_IN_FLOAT32 = 1 << 24
CELLS_AT_ONCE = 64
# patches of so many pixels at a time that a class's scores stay in a core's cache
PIXELS_AT_ONCE = 1 << 16


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
        present, code = cell_counts(patches, self.classes)
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
        present, code = cell_counts(patches, self.classes)
        rows, columns = (interpolation(cells, self.stride, self.align_corners) for cells in code.shape[1:])
        largest = self.stride**2 * rows.unit * columns.unit
        number = np.float32 if largest <= EXACT_IN_FLOAT32 else np.float64
        best: Counts | None = None
        for c, count in zip(present, code.astype(number, copy=False), strict=True):
            scores = rows.enlarged(columns.enlarged(count.T).T)
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
        self._subspace = subspace
        self.stride: int = subspace.stride
        self.classes = subspace.classes
        self.channels = tuple(channels)
        self._widths = sorted(set(channels))
        components = subspace.components[: self._widths[-1]][:, :, raster(self.stride)]
        pixels = layout(self.stride).pixels
        self._decode = np.ascontiguousarray(components.transpose(1, 0, 2))
        self._at_once = max(1, PIXELS_AT_ONCE // pixels)
        self._encode = np.ascontiguousarray(components.transpose(1, 2, 0))
        mean = subspace.mean[:, raster(self.stride)]
        self._mean = mean if subspace.centred else None
        self._mean_code = (
            np.tensordot(self._encode, mean, axes=((0, 1), (0, 1))) if subspace.centred else None
        )
        self._buffers = threading.local()
        values = np.arange(self.classes + 1, dtype=np.uint16)[:, None].repeat(pixels, axis=1)
        # a patch of one class is the same everywhere: restored once, for all widths
        self._pure = self._restore_rows(values)

    def __reduce__(self) -> tuple[object, ...]:
        return Linear, (self._subspace, self.channels)

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
        for start in range(0, len(rows), self._at_once):
            part = slice(start, start + self._at_once)
            self._restore_part(rows[part], [out[part] for out in restored])
        return restored

    def _restore_part(self, rows: Labels, restored: list[Labels]) -> None:
        held = occurring(rows, self.classes)
        codes = self._codes(rows, held)
        ignored = rows >= self.classes
        score, bests = self._scratch(len(rows))
        highest = 0
        # likely ones first: that another does not win takes one comparison
        for number, c in enumerate([*held, *(c for c in range(self.classes) if c not in held)]):
            begin = 0
            for width, best, out in zip(self._widths, bests, restored, strict=True):
                self._scores(c, begin, width, codes, score)
                begin = width
                if number:
                    _challenge(score, c, c < highest, best, out)
                    continue
                best[...] = score
                # nothing is known of ignored pixels, so any class would win there: nobody looks
                best[ignored] = np.inf
                out[...] = c
            highest = max(highest, c)
        for out in restored:
            np.copyto(out, rows, where=ignored, casting="unsafe")

    def _scores(self, c: int, begin: int, end: int, codes: Floats, score: Floats) -> None:
        """Add what components `begin` to `end` say of class c to its scores, (n, pixels)."""
        from scipy.linalg.blas import sgemm  # with networks, most need no label maps

        if begin == 0 and self._mean is not None:
            score[...] = self._mean[c]
        add = 1.0 if begin or self._mean is not None else 0.0
        # Fortran's view of C's arrays: score += codes · W, in place
        sgemm(1.0, self._decode[c, begin:end].T, codes[:, begin:end].T, add, score.T, overwrite_c=True)

    def _codes(self, rows: Labels, held: Sequence[int]) -> Floats:
        codes = np.zeros((len(rows), self._widths[-1]), np.float32)
        if self._mean_code is not None:
            codes -= self._mean_code
        for c in held:
            codes += (rows == c).astype(np.float32) @ self._encode[c]
        return codes

    def _scratch(self, rows: int) -> tuple[Floats, list[Floats]]:
        """Buffers of this thread: fresh pages for every block would cost more than the arithmetic."""
        if not hasattr(self._buffers, "held"):
            shape = (self._at_once, self._decode.shape[2])
            self._buffers.held = [np.empty(shape, np.float32) for _ in range(1 + len(self._widths))]
        score, *bests = (buffer[:rows] for buffer in self._buffers.held)
        return score, bests


def _challenge(score: Floats, c: int, may_tie: bool, best: Floats, out: Labels) -> None:
    """Let class c win where its score is highest, ties to the lowest class; all of shape (n, pixels).

    Args:
        score: of class c.
        c: the class.
        may_tie: whether a higher class may stand in `out`.
        best: highest scores so far; raised.
        out: classes so far; changed.
    """
    wins = score >= best if may_tie else score > best
    if not wins.any():
        return
    if may_tie:
        wins &= (score > best) | (out > c)
    np.putmask(out, wins, c)
    np.maximum(best, score, out=best)


def cell_averages(patches: Patches, classes: int) -> tuple[NDArray[np.intp], Floats]:
    """Classes present and the share of each in every cell, shape (present, rows, columns)."""
    present, counts = cell_counts(patches, classes)
    return present, counts / np.float32(patches.flat.shape[1])


def cell_counts(patches: Patches, classes: int) -> tuple[NDArray[np.intp], Floats]:
    """Classes present and the pixels of each in every cell, shape (present, rows, columns)."""
    flat = patches.flat
    pure = patches.first[~patches.mixed]
    seen = np.bincount(flat.reshape(-1), minlength=classes)[:classes]
    present = np.flatnonzero(seen + np.bincount(pure, minlength=classes)[:classes])
    if not len(present):
        return np.zeros(1, np.intp), np.zeros((1, *patches.first.shape), np.float32)
    counts = np.empty((len(present), *patches.first.shape), np.float32)
    for count, c in zip(counts, present, strict=True):
        np.multiply(patches.first == c, np.float32(flat.shape[1]), out=count)
        count[patches.mixed] = (flat == c).sum(axis=1, dtype=np.float32)
    return present, counts


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Bilinear weights along one axis, in whole numbers, `CELLS_AT_ONCE` cells at a time.

    One matrix of all pixels and all cells is nearly all zeros, and of a long axis fills the memory.

    Attributes:
        bands: for neighbouring pixels the first cell that they reach, and its and the following cells'
            weights, shape (pixels, cells).
        unit: what the weights of a pixel add up to.
    """

    bands: tuple[tuple[int, Counts], ...]
    unit: int

    def enlarged(self, cells: Counts) -> Counts:
        """(cells, n) → (pixels, n), `unit` times as much, so that whole numbers stay whole."""
        made = [w.astype(cells.dtype, copy=False) @ cells[low : low + w.shape[1]] for low, w in self.bands]
        return made[0] if len(made) == 1 else np.concatenate(made)


@lru_cache(maxsize=64)
def interpolation(cells: int, stride: int, align_corners: bool = False) -> Interpolation:
    """So many cells enlarged to `cells · stride` pixels.

    The outermost pixels' centres lie on the outermost cells' centres with `align_corners`; without it
    the edges of the first pixel and the first cell coincide, and what lies beyond a centre is clamped.
    """
    pixel = np.arange(cells * stride)
    if align_corners:
        unit = max(cells * stride - 1, 1)
        place = pixel * (cells - 1)
    else:
        unit = 2 * stride
        place = np.clip(2 * pixel + 1 - stride, 0, (cells - 1) * unit)
    low = np.minimum(place // unit, max(cells - 2, 0))
    some = CELLS_AT_ONCE * stride
    bands = tuple(
        _band(low[start : start + some], place[start : start + some], unit, cells)
        for start in range(0, len(pixel), some)
    )
    return Interpolation(bands, unit)


def _band(low: NDArray[np.int64], place: NDArray[np.int64], unit: int, cells: int) -> tuple[int, Counts]:
    first, last = int(low[0]), min(int(low[-1]) + 1, cells - 1)
    near = place - low * unit
    # whole numbers, of which float64 has more
    weights = np.zeros((len(low), last - first + 1), np.float32 if unit <= EXACT_IN_FLOAT32 else np.float64)
    pixel = np.arange(len(low))
    weights[pixel, np.minimum(low + 1, last) - first] += near
    weights[pixel, low - first] += unit - near
    return first, weights
