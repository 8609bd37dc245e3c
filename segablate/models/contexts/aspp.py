"""ASPP: the same 3×3 window at several widths, and the mean of the whole image.

             ┌─ 1×1 conv ────────────────────┐
             ├─ 3×3 conv, dilation 6 ────────┤
        x ───┼─ 3×3 conv, dilation 12 ───────┼─ cat ── 1×1 conv ──► out
             ├─ 3×3 conv, dilation 18 ───────┤
             └─ mean ── 1×1 conv ── spread ──┘

Chen et al., DeepLabv3+, ECCV 2018, arXiv:1802.02611. The dilations are those at output stride 16; a finer
feature has them widened by as much, so that they span the same part of the image.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Separable


@contexts.register(paper="arXiv:1802.02611")
class ASPP(Context):
    """Parallel dilated convolutions and the image's mean.

    Args:
        feature: the encoder's last feature.
        channels: channels of each branch and of the result.
        rates: dilations at output stride 16.
        separable: split the 3×3 convolutions into depth-wise and 1×1.
        image_mean: have the branch that sees the whole image.
    """

    def __init__(
        self,
        feature: Feature,
        /,
        *,
        channels: int = 256,
        rates: tuple[int, ...] = (6, 12, 18),
        separable: bool = False,
        image_mean: bool = True,
    ) -> None:
        super().__init__(feature, channels)
        positive(rates=min(rates, default=1))
        window = Separable if separable else ConvNorm
        dilations = [max(1, round(rate * 16 / feature.stride)) for rate in rates]
        self.point = ConvNorm(feature.channels, channels, 1)
        self.windows = nn.ModuleList(
            window(feature.channels, channels, 3, dilation=dilation) for dilation in dilations
        )
        self.mean = ConvNorm(feature.channels, channels, 1, pooled=True) if image_mean else None
        branches = 1 + len(rates) + int(image_mean)
        self.merge = ConvNorm(branches * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        branches = [self.point(x), *(window(x) for window in self.windows)]
        if self.mean is not None:
            branches.append(self.mean(x.mean((2, 3), keepdim=True)).expand_as(branches[0]))
        merged: Tensor = self.merge(torch.cat(branches, dim=1))
        return merged
