"""Context alignment: means over a coarse grid are moved to where they belong, and added to the feature.

        x ─┬─ mean over 3×3 grid ── 1×1 ── 3×3 ── pooled ──┬── resize ── warp ──┐
           │                                               └─ offsets ──┘       + ──► out
           └─ 1×1 ── 3×3 ───────────────────────────────────────────────────────┘

Huang et al., AlignSeg, TPAMI 2021, arXiv:2003.00872: the context alignment module.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.fusions.alignseg import Offset
from segablate.models.fusions.sampling import warp
from segablate.models.layers import ConvNorm, resize


class Leaky(ConvNorm):
    """Convolution, batch norm and leaky ReLU.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel.
        bias: a bias in the convolution.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, bias: bool = False) -> None:
        super().__init__(inputs, outputs, kernel, bias=bias, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        return F.leaky_relu(super().forward(x))


@contexts.register("context-alignment", paper="arXiv:2003.00872")
class ContextAlignment(Context):
    """Add means over a coarse grid, read along learned offsets.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.
        grid: rows and columns of the grid.
    """

    def __init__(self, feature: Feature, /, *, channels: int = 256, grid: int = 3) -> None:
        super().__init__(feature, channels)
        positive(grid=grid)
        self.grid = grid
        inputs = feature.channels
        self.pooled = nn.Sequential(Leaky(inputs, inputs, 1), Leaky(inputs, channels))
        self.adapted = nn.Sequential(Leaky(inputs, inputs, 1), Leaky(inputs, channels))
        self.offset = Offset(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        pooled = self.pooled(F.adaptive_avg_pool2d(x, self.grid))
        adapted: Tensor = self.adapted(x)
        both = torch.cat([adapted, resize(pooled, adapted, align_corners=True)], dim=1)
        half = (max(x.shape[-1] - 1, 1) / 2, max(x.shape[-2] - 1, 1) / 2)
        return adapted + warp(pooled, self.offset(both), half)
