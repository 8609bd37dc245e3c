"""Reassembly: a cell becomes a patch of pixels, each a weighted mean of the cells around it.

        values   (batch, channels, h, w) ── 5×5 cells around each ──┐
                                                                    × ──► (batch, channels, h·r, w·r)
        weights  one of each of the 25 cells for each pixel ────────┘

Wang et al., CARAFE, ICCV 2019, arXiv:1905.02188. Outside of the map there are zeros.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from segablate.models.upsamplers.base import depth_to_space, space_to_depth

WINDOW = 5
CELLS = WINDOW * WINDOW


def neighbours(x: Tensor) -> Tensor:
    """(batch, channels, h, w) → each cell with those around it, (batch, h·w, channels, 25)."""
    around = F.unfold(x, WINDOW, padding=WINDOW // 2)
    return around.reshape(len(x), x.shape[1], CELLS, -1).permute(0, 3, 1, 2)


def reassemble(values: Tensor, weights: Tensor, ratio: int) -> Tensor:
    """Weighted means of the cells around each pixel.

    Args:
        values: (batch, channels, h, w).
        weights: of each pixel of a cell (rows before columns) and each cell around it,
            (batch, h·w, 25, ratio²).
        ratio: pixels a cell is high and wide.

    Returns:
        (batch, channels, h·ratio, w·ratio).
    """
    batch, _, height, width = values.shape
    patches = neighbours(values) @ weights
    # pixels of a patch before channels, as `depth_to_space` has them
    depth = patches.permute(0, 3, 2, 1).reshape(batch, -1, height, width)
    return depth_to_space(depth, ratio)


def by_cell(fine: Tensor, ratio: int, rows: int, columns: int) -> Tensor:
    """Lay the pixels of each cell side by side.

    Args:
        fine: (batch, channels, at most rows·ratio, at most columns·ratio); what is missing below and to the
            right is filled with zeros.
        ratio: pixels a cell is high and wide.
        rows: number of cells.
        columns: number of cells.

    Returns:
        (batch, rows·columns, channels, ratio²).
    """
    below, right = rows * ratio - fine.shape[-2], columns * ratio - fine.shape[-1]
    depth = space_to_depth(F.pad(fine, (0, right, 0, below)), ratio)
    return depth.reshape(len(fine), ratio * ratio, fine.shape[1], rows * columns).permute(0, 3, 2, 1)
