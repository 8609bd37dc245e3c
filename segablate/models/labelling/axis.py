"""Which cells every pixel of a row or a column is a mean of, and with what weights.

        cells        0       1       2          3 cells, enlarged to 12 pixels
        pixels     · · · · · · · · · · · ·
        pieces    └ 0, 1 ┘│0, 1, 2│└ 1, 2 ┘     of 4 pixels, and the cells that each reaches

A matrix of all pixels and all cells is nearly all zeros: a pixel has two cells. Cut into pieces of
neighbouring pixels it is a row of small matrices with hardly any zeros, and to multiply by them is to
interpolate.
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

    Args:
        cells: what is enlarged.
        whole: pixels it is enlarged to.
        wanted: how many of them are computed, from the first on.
        align_corners: as in `torch.nn.functional.interpolate`.
        dtype: of the weights.

    Raises:
        ValueError: there are fewer pixels than are wanted.
    """

    cells: int
    whole: int
    wanted: int
    align_corners: bool
    dtype: torch.dtype

    def __post_init__(self) -> None:
        if self.wanted > self.whole:
            raise ValueError(f"{self.whole} restored pixels do not cover {self.wanted}")

    @property
    def weights(self) -> Tensor:
        """(pixels, cells) the weight of each cell at each pixel."""
        position = self._positions().clamp(0, self.cells - 1)
        low = position.floor()
        near, low = position - low, low.long()
        pixels = torch.arange(self.wanted)
        matrix = torch.zeros(self.wanted, self.cells, dtype=self.dtype)
        matrix[pixels, low] = 1 - near
        # beyond the last cell's centre there is no second one, and nothing to add
        matrix[pixels, (low + 1).clamp(max=self.cells - 1)] += near
        return matrix

    def _positions(self) -> Tensor:
        """(pixels,) where their centres lie, in cells from the centre of the first."""
        pixel = torch.arange(self.wanted, dtype=self.dtype)
        if self.align_corners:
            return pixel * (torch.tensor(self.cells - 1, dtype=self.dtype) / max(self.whole - 1, 1))
        return (pixel + 0.5) * (torch.tensor(self.cells, dtype=self.dtype) / self.whole) - 0.5


@dataclass(frozen=True)
class Piece:
    """Neighbouring pixels.

    Attributes:
        pixels: which.
        cells: those that they are means of.
        weights: (pixels, cells).
    """

    pixels: slice
    cells: slice
    weights: Tensor


@functools.lru_cache(maxsize=64)  # a network asks for the same two at every image
def pieces(axis: Axis, length: int) -> tuple[Piece, ...]:
    """The pixels of an axis, so many at a time."""
    # a tensor made in inference mode could not be used outside it
    with torch.inference_mode(False):
        weights = axis.weights
        return tuple(
            _piece(start, weights[start : start + length]) for start in range(0, axis.wanted, length)
        )


def _piece(start: int, weights: Tensor) -> Piece:
    reached = weights.any(0).nonzero()
    cells = slice(int(reached[0]), int(reached[-1]) + 1)
    return Piece(slice(start, start + len(weights)), cells, weights[:, cells].contiguous())
