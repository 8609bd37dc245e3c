"""Upsamplers that lay a cell's own numbers out as a patch: the arg max comes first, and bytes are laid out.

        code ── W ──► (stride², classes, cells) ── arg max ──► (stride², cells) ── lay out ──► labels

Laying out is a permutation of pixels, so it may as well be done to the labels, which are a byte each. Where W
is a matrix it is applied to as many cells at a time as the cache has room for.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.models.labelling.plain import label_type
from segablate.models.labelling.tiles import at_once, best_class, label_tile

# cells at a time at least, however large their patches are: a product with fewer columns is slow
FEWEST = 16


def laid_out(label: Tensor, cells: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """(batch, stride², h·w) → (batch, height, width), what stands out below and to the right cut off.

    Raises:
        ValueError: the patches are smaller than the size.
    """
    (rows, columns), batch = cells, len(label)
    stride = round(label.shape[1] ** 0.5)
    if rows * stride < size[0] or columns * stride < size[1]:
        raise ValueError(f"{(rows * stride, columns * stride)} restored pixels do not cover {size}")
    patches = label.view(batch, stride, stride, rows, columns).permute(0, 3, 1, 4, 2)
    return patches.reshape(batch, rows * stride, columns * stride)[:, : size[0], : size[1]].contiguous()


def labels(patches: Tensor, stride: int, size: tuple[int, int], *, class_first: bool = False) -> Tensor:
    """Patches as an upsampler's last layer gives them → the label map.

    Args:
        patches: (batch, stride²·classes, h, w).
        stride: height and width of a patch.
        size: height and width of the label map.
        class_first: the order of the second axis is (class, pixel) instead of (pixel, class).
    """
    cells, flat = (patches.shape[-2], patches.shape[-1]), patches.flatten(2)
    pixels = stride**2
    if class_first:
        label = best_class(flat.reshape(len(flat), -1, pixels * flat.shape[2])).view(len(flat), pixels, -1)
    else:
        label = best_class(flat.reshape(len(flat), pixels, -1, flat.shape[2]))
    return laid_out(label, cells, size)


@torch.no_grad()
def labels_of(
    code: Tensor, weight: Tensor, bias: Tensor | None, stride: int, size: tuple[int, int]
) -> Tensor:
    """A code and the matrix that restores its patches → the label map.

    On the CPU the matrix is applied tile by tile; a GPU has the memory to do it in one product.

    Args:
        code: (batch, channels, h, w).
        weight: (stride²·classes, channels), rows in the order (pixel, class).
        bias: (stride²·classes,) or none.
        stride: height and width of a patch.
        size: height and width of the label map.
    """
    if code.device.type != "cpu":
        return labels(F.conv2d(code, weight[:, :, None, None], bias), stride, size)
    batch, channels, height, width = code.shape
    pixels, cells = stride**2, height * width
    by_class = weight.view(pixels, -1, channels).transpose(0, 1).contiguous()
    shift = None if bias is None else bias.view(pixels, -1, 1).transpose(0, 1)
    label = torch.empty(batch, pixels, cells, dtype=label_type(len(by_class)))
    step = max(FEWEST, at_once(len(weight)))
    for image, plane in zip(code.flatten(2), label, strict=True):
        for some, piece in zip(image.split(step, 1), plane.split(step, 1), strict=True):
            restored = by_class @ some
            label_tile(restored if shift is None else restored.add_(shift), piece)
    return laid_out(label, (height, width), size)
