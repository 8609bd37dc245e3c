"""What DeepLabv3+'s decoder and DUpsampling's have in common: one low-level feature is taken in at a time.

low ── 1×1 conv to few channels ──┐
                                  cat ── separable 3×3 ── separable 3×3 ──► out
high ─────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.decoders.base import not_coarser
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Separable


class Refine(nn.Module):
    """Take one low-level feature in.

    Args:
        low: channels of the low-level feature.
        high: channels of what is there already.
        reduce: channels the low-level feature is reduced to.
        channels: channels of the result.
        separable: split the 3×3 convolutions into depth-wise and 1×1.
    """

    def __init__(self, low: int, high: int, *, reduce: int, channels: int, separable: bool) -> None:
        super().__init__()
        window = Separable if separable else ConvNorm
        self.reduce = ConvNorm(low, reduce, 1)
        self.blend = nn.Sequential(window(high + reduce, channels), window(channels, channels))

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """(batch, low, h, w) and (batch, high, h, w) → (batch, channels, h, w)."""
        blended: Tensor = self.blend(torch.cat([high, self.reduce(low)], dim=1))
        return blended


def chain(
    low: Sequence[Feature], high: Feature, *, reduce: int, channels: int, separable: bool
) -> nn.ModuleList:
    """One block for each low-level feature, which goes on from what the block before it gave.

    Raises:
        SegablateError: channels are below 1, or a low-level feature is coarser than the high-level one.
    """
    positive(reduce=reduce, channels=channels)
    not_coarser(low, high)
    before = [high.channels, *[channels] * len(low)]
    return nn.ModuleList(
        Refine(feature.channels, inputs, reduce=reduce, channels=channels, separable=separable)
        for feature, inputs in zip(low, before, strict=False)
    )
