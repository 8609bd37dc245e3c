"""FaPN: the fine feature selects its channels, and the coarse one is read by a deformable convolution.

        fine ── select ── s ──┬────────────────────────────────────────────► + ── 3×3 conv ──► out
                              cat ── 1×1 conv ── offsets, masks ─┐           │
        coarse ─ resize ─ × 2 ┘                                  │           │
               └───────────────────────────── deformable 3×3 ◄───┘ ── ReLU ──┘

Huang et al., FaPN, ICCV 2021, arXiv:2108.07058: feature selection (FSM) and alignment (FAM). The paper has
256 channels at all levels; here the fine feature gets the coarse one's channels, as in the other fusions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.fusions.sampling import deform
from segablate.models.layers import ConvNorm, convolution, resize

GROUPS = 8
TAPS = 9


class Selection(nn.Module):
    """FSM: channels are raised by what the whole image shows, then mixed.

    Args:
        inputs: channels of the input.
        outputs: channels of the result.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.attend = convolution(inputs, inputs, 1)
        self.mix = convolution(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        weight = self.attend(x.mean((2, 3), keepdim=True)).sigmoid()
        mixed: Tensor = self.mix(x + x * weight)
        return mixed


class Alignment(nn.Module):
    """FAM: the coarse feature, read where offsets of every tap of a 3×3 kernel point.

    Args:
        channels: channels of both inputs; eight groups share offsets, or as many as divide the channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.groups = math.gcd(GROUPS, channels)
        self.mix = convolution(2 * channels, channels, 1)
        self.offset = nn.Conv2d(channels, 3 * TAPS * self.groups, 3, padding=1)
        for parameter in self.offset.parameters():
            nn.init.zeros_(parameter)
        self.deformable = convolution(channels, channels, bias=True)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, channels, h, w) → the same."""
        seen = self.offset(self.mix(torch.cat([fine, 2 * coarse], dim=1)))
        offset, mask = seen.split([2 * TAPS * self.groups, TAPS * self.groups], dim=1)
        read = deform(coarse, offset, mask.sigmoid(), self.deformable.weight, self.deformable.bias)
        return read.relu()


@fusions.register(paper="arXiv:2108.07058")
class FaPN(Fusion):
    """FaPN's alignment: a deformable convolution of the coarse feature, and the selected fine one.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.select = Selection(fine, coarse)
        self.align = Alignment(coarse)
        self.merge = ConvNorm(coarse, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        selected = self.select(fine)
        merged: Tensor = self.merge(selected + self.align(selected, resize(coarse, fine)))
        return merged
