"""Flow: the coarse feature is read where a learned flow points, instead of at its own grid.

        fine ── 1×1 conv ── l ──┬───────────────────────────────► + ── 3×3 conv ──► out
                                ├─ half the channels each ─ flow ─► warp ┘
        coarse ─────────────────┴──────────────────────────────────┘

Li et al., Semantic Flow, ECCV 2020, arXiv:2002.10120: the flow alignment module, FAM. A 1×1 convolution
brings the fine feature to the coarse one's channels, as the paper's lateral connections do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.fusions.sampling import warp
from segablate.models.layers import ConvNorm, convolution, resize


class FlowAlignment(nn.Module):
    """SFNet's FAM: the coarse feature, warped onto the fine one.

    Args:
        channels: channels of both inputs.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 2)
        self.of_fine = convolution(channels, inner, 1)
        self.of_coarse = convolution(channels, inner, 1)
        self.flow = convolution(2 * inner, 2)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, channels, h, w) and (batch, channels, low h, low w) → (batch, channels, h, w)."""
        near = resize(self.of_coarse(coarse), fine, align_corners=True)
        flow = self.flow(torch.cat([near, self.of_fine(fine)], dim=1))
        return warp(coarse, flow, (fine.shape[-1], fine.shape[-2]))


@fusions.register(paper="arXiv:2002.10120")
class Flow(Fusion):
    """SFNet's flow alignment: the coarse feature is read along a learned flow and added.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.lateral = ConvNorm(fine, coarse, 1, bias=True)
        self.align = FlowAlignment(coarse)
        self.merge = ConvNorm(coarse, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        lateral = self.lateral(fine)
        merged: Tensor = self.merge(lateral + self.align(lateral, coarse))
        return merged
