"""SPPM: look at the image through a few coarse grids, and add up what is seen.

             ┌─ mean over 1×1 grid ── 1×1 conv ── resize ─┐
        x ───┼─ mean over 2×2 grid ── 1×1 conv ── resize ─┼─ + ── 3×3 conv ──► out
             └─ mean over 4×4 grid ── 1×1 conv ── resize ─┘

Peng et al., PP-LiteSeg, 2022, arXiv:2204.02681. Against PSPNet's pyramid: fewer channels, a sum in place of
the concatenation, and no way around. The convolutions have a bias although a batch norm follows, as released.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize


@contexts.register(paper="arXiv:2204.02681")
class SPPM(Context):
    """Sum of means over coarse grids.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.
        bins: rows and columns of each grid.
        inner: channels of each grid's part; none given: as many as the result has.
        align_corners: how the parts are brought back to size.
    """

    def __init__(
        self,
        feature: Feature,
        /,
        *,
        channels: int = 128,
        bins: tuple[int, ...] = (1, 2, 4),
        inner: int | None = None,
        align_corners: bool = False,
    ) -> None:
        super().__init__(feature, channels)
        inner = channels if inner is None else inner
        positive(bins=min(bins, default=0), inner=inner)
        self.bins = bins
        self.align_corners = align_corners
        self.stages = nn.ModuleList(
            ConvNorm(feature.channels, inner, 1, bias=True, pooled=True) for _ in bins
        )
        self.merge = ConvNorm(inner, channels, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        parts = [
            resize(stage(F.adaptive_avg_pool2d(x, grid)), x, align_corners=self.align_corners)
            for stage, grid in zip(self.stages, self.bins, strict=True)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        merged: Tensor = self.merge(total)
        return merged
