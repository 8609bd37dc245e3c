"""UAFM: at every pixel, decide how much to trust detail and how much to trust meaning.

        fine ── 3×3 conv ──────────┬──────────────► × α ────┐
                                   ├─► attention ─► α       + ── 3×3 conv ──► out
        coarse ── resize to fine ──┴──────────────► × (1−α) ┘

Peng et al., PP-LiteSeg, 2022, arXiv:2204.02681. α weights the fine feature in the released code and
the coarse one in the paper's Eq. 1: `alpha_on` has both. They are the same up to the sign of the attention's
last layer.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.fusions.base import Blend, fusions
from segablate.models.layers import ConvNorm


class SpatialAttention(nn.Module):
    """One weight per pixel, from the mean and the maximum over each input's channels.

    Args:
        maximum: look at the maximum as well as the mean.
    """

    def __init__(self, maximum: bool) -> None:
        super().__init__()
        self.maximum = maximum
        self.mix = ConvNorm(4 if maximum else 2, 2)
        self.decide = ConvNorm(2, 1, relu=False)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, channels, h, w) → (batch, 1, h, w)."""
        seen = []
        for x in (fine, coarse):
            seen.append(x.mean(1, keepdim=True))
            if self.maximum:
                seen.append(x.amax(1, keepdim=True))
        weight: Tensor = self.decide(self.mix(torch.cat(seen, dim=1)))
        return weight.sigmoid()


class ChannelAttention(nn.Module):
    """One weight per channel, from the mean and the maximum over each input's pixels.

    Args:
        channels: channels of both inputs.
        maximum: look at the maximum as well as the mean.
    """

    def __init__(self, channels: int, maximum: bool) -> None:
        super().__init__()
        self.maximum = maximum
        half = max(1, channels // 2)
        self.mix = ConvNorm((4 if maximum else 2) * channels, half, 1, relu=False, pooled=True)
        self.decide = ConvNorm(half, channels, 1, relu=False, pooled=True)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, channels, h, w) → (batch, channels, 1, 1)."""
        seen = [fine.mean((2, 3), keepdim=True), coarse.mean((2, 3), keepdim=True)]
        if self.maximum:
            seen += [fine.amax((2, 3), keepdim=True), coarse.amax((2, 3), keepdim=True)]
        weight: Tensor = self.decide(F.leaky_relu(self.mix(torch.cat(seen, dim=1))))
        return weight.sigmoid()


@fusions.register(paper="arXiv:2204.02681")
class UAFM(Blend):
    """Blend fine and coarse features by one learned weight per pixel or per channel.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        attention: what shares a weight: a pixel's channels (`spatial`) or a channel's pixels (`channel`).
        maximum: look at the maximum as well as the mean.
        alpha_on: which input the weight is for, the other gets the rest: `fine` as released, `coarse` as in
            the paper.
    """

    def __init__(
        self,
        fine: int,
        coarse: int,
        out: int,
        /,
        *,
        attention: Literal["spatial", "channel"] = "spatial",
        maximum: bool = True,
        alpha_on: Literal["fine", "coarse"] = "fine",
    ) -> None:
        super().__init__(fine, coarse, out)
        self.alpha_on = alpha_on
        self.attend = (
            SpatialAttention(maximum) if attention == "spatial" else ChannelAttention(coarse, maximum)
        )

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """α·fine + (1 − α)·coarse, or the other way round."""
        alpha: Tensor = self.attend(fine, coarse)
        if self.alpha_on == "coarse":
            return alpha * coarse + (1 - alpha) * fine
        return alpha * fine + (1 - alpha) * coarse
