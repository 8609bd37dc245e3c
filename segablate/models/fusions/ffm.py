"""FFM: both side by side, mixed, and each channel weighed by its mean over the image.

        fine ──────────────────────┐
                                   cat ── 1×1 conv ── f ──┬──────────────► + ── 3×3 conv ──► out
        coarse ── resize to fine ──┘                      └─ mean ─► a ─► × ┘

Yu et al., BiSeNet, ECCV 2018, arXiv:1808.00897: the result is f + f·a.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm, convolution, resize


class FeatureFusion(nn.Module):
    """BiSeNet's feature fusion module.

    Args:
        inputs: channels of both inputs together.
        outputs: channels of the result.
        attention: two 1×1 convolutions with a ReLU between, as released, or one with a batch norm, as
            re-implementations have it.
    """

    def __init__(self, inputs: int, outputs: int, attention: Literal["two", "one"]) -> None:
        super().__init__()
        self.mix = ConvNorm(inputs, outputs, 1)
        self.attend: nn.Module = ConvNorm(outputs, outputs, 1, relu=False, pooled=True)
        if attention == "two":
            self.attend = nn.Sequential(
                convolution(outputs, outputs, 1), nn.ReLU(), convolution(outputs, outputs, 1)
            )

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two features of one size → (batch, outputs, h, w)."""
        mixed: Tensor = self.mix(torch.cat([fine, coarse], dim=1))
        weight: Tensor = self.attend(mixed.mean((2, 3), keepdim=True))
        return mixed + mixed * weight.sigmoid()


@fusions.register(paper="arXiv:1808.00897")
class FFM(Fusion):
    """BiSeNet's feature fusion: concatenate, mix, and weigh each channel by its mean over the image.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        attention: the weights come of `two` 1×1 convolutions, as released, or of `one` with a batch norm.
    """

    def __init__(
        self, fine: int, coarse: int, out: int, /, *, attention: Literal["two", "one"] = "two"
    ) -> None:
        super().__init__(fine, coarse, out)
        self.fuse = FeatureFusion(fine + coarse, out, attention)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        fused: Tensor = self.fuse(fine, resize(coarse, fine, align_corners=True))
        return fused
