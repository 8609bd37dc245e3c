"""No context: the encoder's last feature as it is, or only narrowed."""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm


@contexts.register("none")
class Nothing(Context):
    """Leave the feature as it is, or bring it to another width: the baseline of every context.

    Args:
        feature: the encoder's last feature.
        channels: width to bring it to by a 1×1 convolution; none given: leave it.
    """

    def __init__(self, feature: Feature, /, *, channels: int | None = None) -> None:
        super().__init__(feature, feature.channels if channels is None else channels)
        self.narrow = nn.Identity() if channels is None else ConvNorm(feature.channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        y: Tensor = self.narrow(x)
        return y
