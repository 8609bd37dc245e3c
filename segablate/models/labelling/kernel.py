"""Bilinear interpolation and arg max on CUDA: every pixel asks its four cells, class by class.

A pixel reads 4 × classes numbers, nearly all from the first-level cache, since neighbours ask the same cells,
and writes one byte. What the plain way spends on writing and reading the scores is not spent at all.

Triton is imported here and nowhere else. Its interpreter (`TRITON_INTERPRET=1` before this module is
imported) runs the kernel on the CPU, so that what it computes is tested without a GPU.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from segablate.models.labelling.plain import label_type

# a warp's lanes along a row: they ask few cells and write neighbouring bytes
ROWS, COLUMNS = 4, 64


@triton.jit  # type: ignore[untyped-decorator]  # its types are of a language of its own
def _label(  # type: ignore[no-untyped-def]
    code, label, classes, rows, columns, height, width, down_scale, across_scale,
    image_step, class_step, row_step, column_step,
    ALIGNED: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    image = tl.program_id(2).to(tl.int64)
    y = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    x = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    if ALIGNED:
        at_y, at_x = y * down_scale, x * across_scale
    else:
        at_y = tl.maximum((y + 0.5) * down_scale - 0.5, 0.0)
        at_x = tl.maximum((x + 0.5) * across_scale - 0.5, 0.0)
    # pixels beyond the map ask the last cell, so that no load needs a mask
    upper, left = tl.minimum(at_y.to(tl.int32), rows - 1), tl.minimum(at_x.to(tl.int32), columns - 1)
    lower, right = tl.minimum(upper + 1, rows - 1), tl.minimum(left + 1, columns - 1)
    down = tl.minimum(at_y - upper, 1.0)[:, None]
    across = tl.minimum(at_x - left, 1.0)[None, :]
    start = code + image * image_step
    first, second = upper[:, None] * row_step, lower[:, None] * row_step
    west, east = left[None, :] * column_step, right[None, :] * column_step
    best = tl.full((ROWS, COLUMNS), float("-inf"), tl.float32)
    winner = tl.zeros((ROWS, COLUMNS), tl.int32)
    for number in range(0, classes):
        plane = start + number * class_step
        upper_left = tl.load(plane + first + west).to(tl.float32)
        upper_right = tl.load(plane + first + east).to(tl.float32)
        lower_left = tl.load(plane + second + west).to(tl.float32)
        lower_right = tl.load(plane + second + east).to(tl.float32)
        above = upper_left + across * (upper_right - upper_left)
        below = lower_left + across * (lower_right - lower_left)
        score = above + down * (below - above)
        ahead = score > best
        best = tl.where(ahead, score, best)
        winner = tl.where(ahead, number, winner)
    place = image * height * width + y[:, None] * width + x[None, :]
    inside = (y < height)[:, None] & (x < width)[None, :]
    tl.store(label + place, winner.to(label.dtype.element_ty), mask=inside)


def labels(code: Tensor, whole: tuple[int, int], wanted: tuple[int, int], *, align_corners: bool) -> Tensor:
    """Class scores of cells → labels of pixels.

    Args:
        code: (batch, classes, h, w) of any memory format, in at most 32 bits.
        whole: height and width to which the code is enlarged.
        wanted: height and width of what is computed of it, from the upper left corner on.
        align_corners: as in `torch.nn.functional.interpolate`.

    Returns:
        (batch, height, width).
    """
    batch, classes, *cells = code.shape
    label = torch.empty(batch, *wanted, dtype=label_type(classes), device=code.device)
    down, across = (_scale(*pair, align_corners) for pair in zip(cells, whole, strict=True))
    grid = (triton.cdiv(wanted[1], COLUMNS), triton.cdiv(wanted[0], ROWS), batch)
    _label[grid](
        code, label, classes, *cells, *wanted, down, across, *code.stride(),
        ALIGNED=align_corners, ROWS=ROWS, COLUMNS=COLUMNS,
    )  # fmt: skip
    return label


def _scale(cells: int, pixels: int, align_corners: bool) -> float:
    return (cells - 1) / max(pixels - 1, 1) if align_corners else cells / pixels
