"""Between which two cells every pixel of a row or a column lies.

        cells          0       1       2            h = 3, enlarged to 12 pixels
        pixels     · · · · · · · · · · · ·
        gap        0 0 1 1 1 1 2 2 2 2 3 3          gap g lies between the cells g − 1 and g

Before the first cell's centre and after the last one's there is a gap too, with the same cell on both sides.
Positions are computed in the numbers and in the order in which `torch.nn.functional.interpolate` does it, so
that both mean the same point.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Axis:
    """One direction of an enlargement.

    Attributes:
        gap: (pixels,) the gap each pixel lies in, 0…cells.
        near: (pixels,) how near it is to the gap's second cell, 0…1.
        low: (cells + 1,) the first of the two cells of each gap.
        high: (cells + 1,) the second.
        first: (cells + 1,) the first pixel of each gap.
        count: (cells + 1,) how many pixels it has.
        longest: the largest of these counts.
    """

    gap: Tensor
    near: Tensor
    low: Tensor
    high: Tensor
    first: Tensor
    count: Tensor
    longest: int

    @property
    def weights(self) -> Tensor:
        """(pixels, cells) the weight of each cell at each pixel."""
        pixels = torch.arange(len(self.gap))
        matrix = self.near.new_zeros(len(self.gap), len(self.low) - 1)
        for cell, weight in ((self.low, 1 - self.near), (self.high, self.near)):
            # both are the same cell at the ends, where they add up to one
            matrix.index_put_((pixels, cell[self.gap]), weight, accumulate=True)
        return matrix


@functools.lru_cache(maxsize=64)  # a network asks for the same two at every image
def axis(cells: int, whole: int, kept: int, align_corners: bool, dtype: torch.dtype) -> Axis:
    """The axis of an enlargement from `cells` to `whole` pixels, of which the first `kept` are wanted.

    Raises:
        ValueError: there are fewer pixels than are wanted.
    """
    if kept > whole:
        raise ValueError(f"{whole} restored pixels do not cover {kept}")
    # a tensor made in inference mode could not be used outside it
    with torch.inference_mode(False):
        position = _positions(cells, whole, kept, align_corners, dtype)
        below = position.floor()
        gap = below.long().clamp(max=cells - 1) + 1
        near = (position - below).clamp(0, 1)
        count = torch.bincount(gap, minlength=cells + 1)
        ends = torch.arange(cells + 1)
        return Axis(
            gap, near, (ends - 1).clamp(min=0), ends.clamp(max=cells - 1),
            count.cumsum(0) - count, count, int(count.max()),
        )  # fmt: skip


def _positions(cells: int, whole: int, kept: int, align_corners: bool, dtype: torch.dtype) -> Tensor:
    pixel = torch.arange(kept, dtype=dtype)
    if align_corners:
        scale = torch.tensor(cells - 1, dtype=dtype) / max(whole - 1, 1)
        return pixel * scale
    scale = torch.tensor(cells, dtype=dtype) / whole
    return (pixel + 0.5) * scale - 0.5
