"""AlignSeg: both features are moved, each by an offset of its own, before they are added.

        fine ── 3×3 conv ────────┬──┬──────────► warp ─┐
                                 │  └─ offsets ─┤      + ── 3×3 conv ──► out
        coarse ─ resize to fine ─┴──────────────► warp ┘

Huang et al., AlignSeg, TPAMI 2021, arXiv:2003.00872: the boundary-aware aggregation, CAB. An offset is in
cells. The released code divides it by the wrong side; here it is divided as the grid asks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.fusions.base import Blend, fusions
from segablate.models.fusions.sampling import warp
from segablate.models.layers import ConvNorm


class Offset(nn.Module):
    """Two features side by side → an offset, zero at first.

    Args:
        channels: channels of each of the two.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = ConvNorm(2 * channels, channels, 1, relu=False)
        self.offset = nn.Conv2d(channels, 2, 3, padding=1, bias=False)
        nn.init.zeros_(self.offset.weight)

    def forward(self, both: Tensor) -> Tensor:
        """(batch, 2·channels, h, w) → (batch, 2, h, w)."""
        offset: Tensor = self.offset(F.leaky_relu(self.mix(both)))
        return offset


class BoundaryAggregation(nn.Module):
    """AlignSeg's CAB: two features of one shape, each warped by an offset seen in both, summed.

    Args:
        channels: channels of each.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.of_coarse = Offset(channels)
        self.of_fine = Offset(channels)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, channels, h, w) → the same."""
        both = torch.cat([fine, coarse], dim=1)
        half = (max(fine.shape[-1] - 1, 1) / 2, max(fine.shape[-2] - 1, 1) / 2)
        return warp(coarse, self.of_coarse(both), half) + warp(fine, self.of_fine(both), half)


@fusions.register("alignseg", paper="arXiv:2003.00872")
class AlignSeg(Blend):
    """AlignSeg's aggregation: both inputs are aligned by learned offsets and added.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    align_corners = True

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.align = BoundaryAggregation(coarse)

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """The sum of both, aligned."""
        total: Tensor = self.align(fine, coarse)
        return total
