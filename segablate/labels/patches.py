"""Cut a label map into stride × stride patches, and tell those of one class from the rest.

    label map ──pad with ignore──► grid of patches ──► one value: counted
                                                  └──► several:   kept, pixel by pixel

Most patches of real label maps hold one class only, so everything after this step works on the few
that do not. A patch's pixels are kept quadrant by quadrant: at a class border usually only some of
the four quadrants are mixed, and `labels.moment` saves the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Layout:
    """Where the pixels of a patch are kept.

    Attributes:
        stride: side of a patch in pixels, the output stride r.
        split: the patch is cut into split × split cells, each kept contiguously.
    """

    stride: int
    split: int

    @property
    def cells(self) -> int:
        """Cells of a patch."""
        return self.split * self.split

    @property
    def side(self) -> int:
        """Side of a cell in pixels."""
        return self.stride // self.split

    @property
    def pixels(self) -> int:
        """Pixels of a patch."""
        return self.stride * self.stride


@lru_cache
def layout(stride: int) -> Layout:
    """Quadrants where the stride is even and they are worth it, else the patch as one cell."""
    return Layout(stride, 2 if stride % 2 == 0 and stride >= 8 else 1)


@lru_cache
def raster(stride: int) -> NDArray[np.intp]:
    """Raster index (row · stride + column) of each kept pixel, shape (pixels,)."""
    lay = layout(stride)
    index = np.arange(lay.pixels).reshape(lay.split, lay.side, lay.split, lay.side)
    order: NDArray[np.intp] = index.transpose(0, 2, 1, 3).reshape(-1)
    order.flags.writeable = False
    return order


@dataclass(frozen=True)
class Patches:
    """The patches of one label map.

    Attributes:
        first: value of each patch's first pixel, shape (rows, columns) of the grid.
        mixed: whether a patch holds more than one value, same shape.
        mixed_pixels: the mixed patches in raster order, shape (n, cells, pixels of a cell).
    """

    first: Labels
    mixed: NDArray[np.bool_]
    mixed_pixels: Labels

    @property
    def flat(self) -> Labels:
        """The mixed patches as rows, shape (n, pixels); there may be none."""
        return self.mixed_pixels.reshape(
            len(self.mixed_pixels), self.mixed_pixels.shape[1] * self.mixed_pixels.shape[2]
        )


def pad(label: Labels, stride: int, ignore: int) -> Labels:
    """The map, extended below and to the right with `ignore` to multiples of the stride."""
    height, width = label.shape
    rows, columns = -(-height // stride), -(-width // stride)
    if (rows * stride, columns * stride) == (height, width):
        return np.ascontiguousarray(label)
    padded = np.full((rows * stride, columns * stride), ignore, label.dtype)
    padded[:height, :width] = label
    return padded


def cut(padded: Labels, stride: int) -> Patches:
    """Split a padded map of shape (rows · stride, columns · stride) into its patches."""
    lay = layout(stride)
    rows, columns = padded.shape[0] // stride, padded.shape[1] // stride
    first = padded[::stride, ::stride]
    lines = padded.reshape(rows, stride, columns * stride)
    low, high = (op.reduce(lines, axis=1).reshape(rows, columns, stride) for op in (np.minimum, np.maximum))
    mixed = ((low != first[:, :, None]) | (high != first[:, :, None])).any(axis=2)
    # whole machine words of labels are moved at once
    words = padded.view(_word(lay.side * padded.itemsize))
    grid = words.reshape(rows, lay.split, lay.side, columns, lay.split, -1)
    pixels = grid.transpose(0, 3, 1, 4, 2, 5)[mixed]
    pixels = pixels.view(padded.dtype).reshape(len(pixels), lay.cells, lay.side * lay.side)
    return Patches(first, mixed, pixels)


def paste(patches: Labels, stride: int) -> Labels:
    """Patches of shape (n, pixels), kept order → (n, stride, stride), raster order."""
    lay = layout(stride)
    cells = patches.reshape(-1, lay.split, lay.split, lay.side, lay.side)
    return cells.transpose(0, 1, 3, 2, 4).reshape(-1, stride, stride)


def occurring(labels: Labels, classes: int) -> list[int]:
    """Classes that occur, ascending; quick where neighbours are mostly equal."""
    flat = labels.reshape(-1)
    # whatever occurs comes first or after something else
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    seen = np.bincount(np.append(flat[:1], flat[turns]), minlength=classes)
    return np.flatnonzero(seen[:classes]).tolist()


def _word(bytes_: int) -> type[np.unsignedinteger[Any]]:
    for word in (np.uint64, np.uint32, np.uint16):
        if bytes_ % np.dtype(word).itemsize == 0:
            return word
    return np.uint8
