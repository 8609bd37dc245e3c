"""Reading a feature map beside its grid: where an offset points, bilinearly, and zero outside the map."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def warp(x: Tensor, offset: Tensor, scale: tuple[float, float]) -> Tensor:
    """Read a map at the cells of a grid that spans it from corner to corner, each moved by an offset.

    Args:
        x: (batch, channels, any height, any width).
        offset: (batch, 2, height, width), to the right and down.
        scale: what an offset to the right and one down are divided by; 1 then is half the map.

    Returns:
        (batch, channels, height, width).
    """
    batch, _, height, width = offset.shape
    rows = torch.linspace(-1, 1, height, dtype=offset.dtype, device=offset.device)
    columns = torch.linspace(-1, 1, width, dtype=offset.dtype, device=offset.device)
    at = torch.stack([columns.expand(height, width), rows[:, None].expand(height, width)], dim=-1)
    moved = torch.stack([offset[:, 0] / scale[0], offset[:, 1] / scale[1]], dim=-1)
    return F.grid_sample(x, at.expand(batch, -1, -1, -1) + moved, "bilinear", "zeros", align_corners=True)


def deform(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A modulated deformable convolution of stride 1 that keeps the size.

    Zhu et al., Deformable ConvNets v2, CVPR 2019, arXiv:1811.11168: each tap of the kernel reads the map
    where its own offset points, and what it reads is weighed by its own mask. It does what torchvision's
    `deform_conv2d` does; that library has no CPU build everywhere torch has one.

    Args:
        x: (batch, channels, height, width).
        offset: (batch, groups·taps·2, height, width) in cells, down and to the right, in the order
            (group, tap, direction).
        mask: (batch, groups·taps, height, width).
        weight: (outputs, channels, k, k) with k odd and k² taps; `groups` divides the channels.
        bias: (outputs,).

    Returns:
        (batch, outputs, height, width).
    """
    batch, channels, height, width = x.shape
    kernel = weight.shape[-1]
    taps = kernel * kernel
    groups = mask.shape[1] // taps
    reach = torch.arange(kernel, dtype=x.dtype, device=x.device) - kernel // 2
    rows = torch.arange(height, dtype=x.dtype, device=x.device)
    columns = torch.arange(width, dtype=x.dtype, device=x.device)
    moved = offset.reshape(batch * groups, taps, 2, height, width)
    down = moved[:, :, 0] + rows[:, None] + reach.repeat_interleave(kernel)[:, None, None]
    right = moved[:, :, 1] + columns + reach.repeat(kernel)[:, None, None]
    # with corners that are not aligned, cell i of n lies at (2i + 1) / n − 1
    at = torch.stack([(2 * right + 1) / width - 1, (2 * down + 1) / height - 1], dim=-1)
    read = F.grid_sample(
        x.reshape(batch * groups, channels // groups, height, width),
        at.reshape(batch * groups, taps * height, width, 2),
        "bilinear",
        "zeros",
        align_corners=False,
    )
    read = read.reshape(batch * groups, channels // groups, taps, height, width)
    read = read * mask.reshape(batch * groups, 1, taps, height, width)
    columns_of = read.reshape(batch, channels * taps, height, width)
    return F.conv2d(columns_of, weight.reshape(len(weight), channels * taps, 1, 1), bias)
