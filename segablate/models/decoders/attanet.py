"""AttaNet's decoder: attention fusion at 1/16, strip attention, and a head at 1/8.

        x32 ──┐
        x16 ── fuse ── d16 ── strip attention ── nearest ×2 ── 3×3 ── d8 ── 3×3 ── 1×1 ──► code

Song et al., AttaNet, AAAI 2021, arXiv:2103.05930. In the light form both features are narrowed first, and the
attention looks at both by a 3×3 convolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.strip_attention import StripAttention
from segablate.models.decoders.base import Decoder, decoders, not_coarser, pick
from segablate.models.features import Feature, find
from segablate.models.fusions.base import fusion_of
from segablate.models.layers import ConvNorm

KEYS = 64


@decoders.register(paper="arXiv:2103.05930")
class AttaNet(Decoder):
    """Fuse two features, attend to columns, and classify at twice the size.

    Args:
        features: what there is to read.
        code: channels of the code.
        fusion: how the two become one.
        channels: channels of all levels.
        low_level: names of the feature at 1/16 and of one at 1/8 whose size is taken; none given: the
            deepest.
        dropout: share of the head's channels that training leaves out.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        fusion: str | dict[str, Any] = "attention-afm",
        channels: int = 128,
        low_level: tuple[str, ...] | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        high = find(features, "context")
        fine, like = pick(features, low_level, (high.stride // 2, high.stride // 4), number=2)
        not_coarser([fine, like], high)
        self.fuse = fusion_of(fusion, fine, high, channels)
        self.reads = ("context", fine.name, like.name)
        self.only_places = (like.name,)
        self.attend = StripAttention(channels, KEYS)
        self.smooth = ConvNorm(channels, channels)
        self.head = nn.Sequential(ConvNorm(channels, channels), nn.Dropout2d(dropout))
        levels = [Feature("d16", channels, fine.stride), Feature("d8", channels, like.stride)]
        self.finish(Feature("head", channels, like.stride), code, bias=False, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The fused feature, the same at twice the size, and the code."""
        high, fine, like = (features[name] for name in self.reads)
        x = self.fuse(fine, high)
        yield "d16", x
        x = self.smooth(F.interpolate(self.attend(x), (like.shape[-2], like.shape[-1])))
        yield "d8", x
        yield "code", self.classify(self.head(x))


@decoders.register("attanet-light", paper="arXiv:2103.05930")
class AttaNetLight(Decoder):
    """Narrow two features, blend them by a weight a channel, attend to columns.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of all levels.
        detail: the name of the fine feature; none given: the deepest at twice the context's size.
        dropout: share of the head's channels that training leaves out.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 64,
        detail: str | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        high = find(features, "context")
        (fine,) = pick(features, None if detail is None else [detail], [high.stride // 2])
        not_coarser([fine], high)
        self.reads = ("context", fine.name)
        self.of_coarse, self.of_fine = ConvNorm(high.channels, channels), ConvNorm(fine.channels, channels)
        self.mix = ConvNorm(2 * channels, channels)
        self.decide = ConvNorm(channels, channels, 1, relu=False, pooled=True)
        self.again_coarse, self.again_fine = ConvNorm(channels, channels), ConvNorm(channels, channels)
        self.merge, self.smooth = ConvNorm(channels, channels), ConvNorm(channels, channels)
        self.attend = StripAttention(channels, KEYS)
        self.head = nn.Sequential(ConvNorm(channels, channels), nn.Dropout2d(dropout))
        levels = [Feature("fused", channels, fine.stride), Feature("smooth", channels, fine.stride)]
        self.finish(Feature("head", channels, fine.stride), code, bias=False, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The fused feature, the same after attention, and the code."""
        coarse, fine = (features[name] for name in self.reads)
        size = (fine.shape[-2], fine.shape[-1])
        coarse, fine = self.of_coarse(coarse), self.of_fine(fine)
        seen = self.mix(torch.cat([fine, F.interpolate(coarse, size)], dim=1))
        weight = self.decide(seen.mean((2, 3), keepdim=True)).sigmoid()
        enlarged = F.interpolate(self.again_coarse(coarse) * weight, size)
        x = self.merge(enlarged + self.again_fine(fine) * (1 - weight))
        yield "fused", x
        x = self.smooth(self.attend(x))
        yield "smooth", x
        yield "code", self.classify(self.head(x))
