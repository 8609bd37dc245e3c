"""Strip attention: each cell looks at the columns of the image, and takes the mean of those that are like it.

        x ─┬─ 1×1 conv ── mean of each column ── queries ─┐
           ├─ 1×1 conv ── keys of all cells ───────────── · ── softmax over columns ─┐
           ├─ 1×1 conv ── mean of each column ── values ───────────────────────────── × ──► + ──►
           └────────────────────────────────────────────────────────────────────────────────┘

Song et al., AttaNet, AAAI 2021, arXiv:2103.05930: the strip attention module.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm


class StripAttention(nn.Module):
    """AttaNet's strip attention module.

    Args:
        channels: channels of input and output.
        keys: channels of queries and keys.
    """

    def __init__(self, channels: int, keys: int) -> None:
        super().__init__()
        self.query = ConvNorm(channels, keys, 1)
        self.key = ConvNorm(channels, keys, 1)
        self.value = ConvNorm(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        query, value = self.query(x).mean(2), self.value(x).mean(2)
        likeness = query.transpose(1, 2) @ self.key(x).flatten(2)
        seen: Tensor = value @ likeness.softmax(dim=1)
        return x + seen.reshape(x.shape)


@contexts.register("strip-attention", paper="arXiv:2103.05930")
class Strips(Context):
    """Attention over the means of columns.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result; none given: as many as the feature has, and no convolution before.
        keys: channels of queries and keys.
    """

    def __init__(self, feature: Feature, /, *, channels: int | None = None, keys: int = 64) -> None:
        super().__init__(feature, feature.channels if channels is None else channels)
        positive(keys=keys)
        width = self.gives.channels
        self.narrow = nn.Identity() if width == feature.channels else ConvNorm(feature.channels, width)
        self.attend = StripAttention(width, keys)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        seen: Tensor = self.attend(self.narrow(x))
        return seen
