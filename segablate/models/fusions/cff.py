"""CFF: a dilated convolution of the enlarged coarse feature, plus a 1×1 convolution of the fine one.

        coarse ── resize to fine ── 3×3 conv, dilation 2 ──┐
                                                           + ── ReLU ──► out
        fine ── 1×1 conv ──────────────────────────────────┘

Zhao et al., ICNet, ECCV 2018, arXiv:1704.08545, Sec. 3.3.
"""

from __future__ import annotations

from torch import Tensor

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm, resize


@fusions.register(paper="arXiv:1704.08545")
class CFF(Fusion):
    """ICNet's cascade feature fusion.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.of_coarse = ConvNorm(coarse, out, dilation=2, relu=False)
        self.of_fine = ConvNorm(fine, out, 1, relu=False)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        total: Tensor = self.of_coarse(resize(coarse, fine, align_corners=True)) + self.of_fine(fine)
        return total.relu()
