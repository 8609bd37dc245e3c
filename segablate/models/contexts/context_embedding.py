"""Context embedding: the image's mean is added everywhere.

        x ──┬─ mean ── norm ── 1×1 conv ─┐
            └────────────────────────────+ ── 3×3 conv ──► out

Yu et al., BiSeNetV2, IJCV 2021, arXiv:2004.02147, Fig. 4. The paper ends with a plain convolution; the known
re-implementations add a batch norm and a ReLU, and so does this.
"""

from __future__ import annotations

from torch import Tensor

from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, PooledNorm


@contexts.register("context-embedding", paper="arXiv:2004.02147")
class ContextEmbedding(Context):
    """Add the mean over the image, normalised and mixed, to every cell.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result; none given: as many as the feature has.
    """

    def __init__(self, feature: Feature, /, *, channels: int | None = None) -> None:
        super().__init__(feature, feature.channels if channels is None else channels)
        self.norm = PooledNorm(feature.channels)
        self.mix = ConvNorm(feature.channels, feature.channels, 1, pooled=True)
        self.merge = ConvNorm(feature.channels, self.gives.channels)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        mean = self.mix(self.norm(x.mean((2, 3), keepdim=True)))
        merged: Tensor = self.merge(x + mean)
        return merged
