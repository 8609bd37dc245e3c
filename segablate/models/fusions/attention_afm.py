"""AFM: one weight a channel says how much of the coarse feature there is, and how much of the fine one.

        fine ── 3×3 conv ── t ─────┬──────────────────────────► × (1−a) ─┐
                                   cat ── 1×1 conv ── mean ─► a          + ── 3×3 conv ──► out
        coarse ─┬─ nearest ────────┘                                     │
                └─ 3×3 conv ─────────────► × a ── nearest to fine ───────┘

Song et al., AttaNet, AAAI 2021, arXiv:2103.05930: the attention fusion module.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm


class ChannelWeight(nn.Module):
    """AttaNet's attention: two features side by side → a weight a channel.

    Args:
        inputs: channels of both together.
        outputs: channels of what is weighed.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mix = ConvNorm(inputs, outputs, 1)
        self.decide = ConvNorm(outputs, outputs, 1, relu=False, pooled=True)

    def forward(self, both: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, 1, 1)."""
        weight: Tensor = self.decide(self.mix(both).mean((2, 3), keepdim=True))
        return weight.sigmoid()


@fusions.register("attention-afm", paper="arXiv:2103.05930")
class AttentionAFM(Fusion):
    """AttaNet's attention fusion: a channel's weight goes to the coarse feature, the rest to the fine one.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.of_fine = ConvNorm(fine, out)
        self.of_coarse = ConvNorm(coarse, out)
        self.attend = ChannelWeight(out + coarse, out)
        self.merge = ConvNorm(out, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        fine = self.of_fine(fine)
        size = (fine.shape[-2], fine.shape[-1])
        weight = self.attend(torch.cat([fine, F.interpolate(coarse, size)], dim=1))
        enlarged = F.interpolate(self.of_coarse(coarse) * weight, size)
        merged: Tensor = self.merge(enlarged + fine * (1 - weight))
        return merged
