"""Bilinear interpolation and arg max on the CPU, so few rows at a time that the scores stay in the cache.

        code (classes, h, w) ── across ──► wide (classes, h, W) ── down ──► a band (classes, 8, W) ──► labels
                                                                              0.6 MB

Each direction is a product with small matrices. How long it takes does not depend on the scores, so that a
network with random weights is timed as a trained one is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from segablate.models.labelling.axis import Axis, pieces
from segablate.models.labelling.plain import label_type
from segablate.models.labelling.tiles import at_once, label_tile

# so many rows or columns at most by one matrix: were they more it would be large, and nearly all zeros
MOST = 32


def labels(code: Tensor, whole: tuple[int, int], wanted: tuple[int, int], *, align_corners: bool) -> Tensor:
    """Class scores of cells → labels of pixels.

    Args:
        code: (batch, classes, h, w) of any memory format, in 32 or 64 bits.
        whole: height and width to which the code is enlarged.
        wanted: height and width of what is computed of it, from the upper left corner on.
        align_corners: as in `torch.nn.functional.interpolate`.

    Returns:
        (batch, height, width).

    Raises:
        ValueError: `whole` does not cover `wanted`.
    """
    batch, classes, *cells = code.shape
    down, across = (
        Axis(*sizes, align_corners, code.dtype) for sizes in zip(cells, whole, wanted, strict=True)
    )
    label = torch.empty(batch, *wanted, dtype=label_type(classes))
    bands = pieces(down, min(MOST, at_once(classes * wanted[1])))
    for scores, plane in zip(code, label, strict=True):
        wide = widened(scores, across)
        for band in bands:
            label_tile(torch.matmul(band.weights, wide[:, band.cells]), plane[band.pixels])
    return label


def widened(scores: Tensor, across: Axis) -> Tensor:
    """Interpolate along the rows: (classes, h, w) → (classes, h, width)."""
    classes, height, _ = scores.shape
    lines = scores.reshape(classes * height, -1)
    wide = lines.new_empty(len(lines), across.wanted)
    for piece in pieces(across, MOST):
        torch.mm(lines[:, piece.cells], piece.weights.T, out=wide[:, piece.pixels])
    return wide.view(classes, height, -1)
