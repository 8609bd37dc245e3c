"""What a context is: the encoder's last feature goes in, and comes out having seen more of the image."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.features import Feature
from segablate.registry import Registry

contexts = Registry("context", "segablate.models.contexts")


class Context(nn.Module):
    """Base of all contexts.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.

    Raises:
        SegablateError: no channels.

    Attributes:
        gives: the result.
        sees: further features that it computes, which auxiliary heads may look at.
    """

    sees: tuple[Feature, ...] = ()

    def __init__(self, feature: Feature, channels: int) -> None:
        super().__init__()
        positive(channels=channels)
        self.gives = Feature("context", channels, feature.stride)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        raise NotImplementedError

    def seen(self, x: Tensor) -> Mapping[str, Tensor]:
        """The result, and what `sees` declares, by name."""
        return {self.gives.name: self(x)}
