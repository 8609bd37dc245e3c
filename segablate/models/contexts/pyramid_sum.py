"""Pyramid sum: the feature and its means over ever finer grids, added up.

        x ──┬─ mean over 1×1 grid ── resize ─┐
            ├─ 2×2 … 3×3 … 6×6 …             + ── 1×1 conv ──► out
            └────────────────────────────────┘

Zhao et al., ICNet, ECCV 2018, arXiv:1704.08545. The released windows are written for one size and overlap;
these fit any size and do not.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize


@contexts.register("pyramid-sum", paper="arXiv:1704.08545")
class PyramidSum(Context):
    """Sum of the feature and its means over grids.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.
        bins: rows and columns of each grid.
    """

    def __init__(
        self, feature: Feature, /, *, channels: int = 256, bins: tuple[int, ...] = (1, 2, 3, 6)
    ) -> None:
        super().__init__(feature, channels)
        positive(bins=min(bins, default=1))
        self.bins = bins
        self.merge = ConvNorm(feature.channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        total = x
        for grid in self.bins:
            total = total + resize(F.adaptive_avg_pool2d(x, grid), x, align_corners=True)
        merged: Tensor = self.merge(total)
        return merged
