"""PPM: the feature beside its means over ever finer grids.

             ┌───────────────────────────────────────────────┐
        x ───┼─ mean over 1×1 grid ── 1×1 conv ── resize ────┼─ cat ── 3×3 conv ──► out
             ├─ 2×2 … 3×3 …                                   │
             └─ mean over 6×6 grid ── 1×1 conv ── resize ────┘

Zhao et al., Pyramid Scene Parsing Network, CVPR 2017, arXiv:1612.01105.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize
from segablate.wire import Neutral


@contexts.register(paper="arXiv:1612.01105")
class PPM(Context):
    """Concatenation of the feature and its means over grids.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.
        bins: rows and columns of each grid.
        inner: channels of each grid's part; none given: together as many as the feature has.
        kernel: size of the last convolution.
        relu: a ReLU after each grid's convolution.
        dropout: share of the result's channels that training leaves out.
        align_corners: how the parts are brought back to size.
    """

    def __init__(
        self,
        feature: Feature,
        /,
        *,
        channels: int = 512,
        bins: tuple[int, ...] = (1, 2, 3, 6),
        inner: Annotated[int | None, Neutral(None)] = None,
        kernel: Annotated[int, Neutral(3)] = 3,
        relu: Annotated[bool, Neutral(True)] = True,
        dropout: Annotated[float, Neutral(0.0)] = 0.0,
        align_corners: bool = False,
    ) -> None:
        super().__init__(feature, channels)
        positive(bins=min(bins, default=0), kernel=kernel)
        inner = max(1, feature.channels // len(bins)) if inner is None else inner
        positive(inner=inner)
        self.bins = bins
        self.align_corners = align_corners
        self.stages = nn.ModuleList(
            ConvNorm(feature.channels, inner, 1, relu=relu, pooled=True) for _ in bins
        )
        self.merge = ConvNorm(feature.channels + inner * len(bins), channels, kernel)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        parts = [
            resize(stage(F.adaptive_avg_pool2d(x, grid)), x, align_corners=self.align_corners)
            for stage, grid in zip(self.stages, self.bins, strict=True)
        ]
        merged: Tensor = self.dropout(self.merge(torch.cat([x, *parts], dim=1)))
        return merged
