"""DFN's smooth network: the image's mean goes down a ladder; each step weighs a finer feature's channels.

        mean of c5 ── 1×1 ──► attend ── refine ── ×2 ──► attend ── refine ── … ── refine ── 1×1 ──► code
                                ▲                          ▲
                       c5 ── refine               c4 ── refine

        refine:  x ── 1×1 ──┬───────────────► + ── ReLU ──►     attend: σ of two linear layers of both
                            └─ 3×3 ── 3×3 ────┘                 means, × the finer feature, + the coarser

Yu et al., Learning a Discriminative Feature Network, CVPR 2018, arXiv:1804.09337. The paper's border network,
which only training uses, is an auxiliary head.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, finer, ladder
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Refinement, resize

# channels of a head for each of the code's
PER_CLASS = 9


class ChannelAttention(nn.Module):
    """A channel attention block.

    Args:
        channels: channels of both inputs and of the result.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, channels), nn.Sigmoid()
        )

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, channels, h, w) → the same."""
        weight: Tensor = self.weigh(torch.cat([fine, coarse], dim=1).mean((2, 3)))
        return fine * weight[:, :, None, None] + coarse


@decoders.register(paper="arXiv:1804.09337")
class DFN(Decoder):
    """Refine each feature, and weigh its channels by what the coarser ones say.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of all levels.
        low_level: names of the encoder's features beside the context; none given: the deepest of each stride
            from 1/4 on that is finer than the context.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 512,
        low_level: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        high, low = ladder(features, low_level, finer(features, 4))
        levels = (high, *low)
        self.reads = tuple(feature.name for feature in levels)
        self.mean = ConvNorm(high.channels, channels, 1, pooled=True)
        self.before = nn.ModuleList(Refinement(feature.channels, channels) for feature in levels)
        self.attend = nn.ModuleList(ChannelAttention(channels) for _ in levels)
        self.after = nn.ModuleList(Refinement(channels, channels) for _ in levels)
        self.head = Refinement(channels, PER_CLASS * code)
        self.finish(
            Feature("head", PER_CLASS * code, levels[-1].stride),
            code,
            bias=True,
            levels=[Feature(f"d{feature.stride}", channels, feature.stride) for feature in levels],
        )

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, and the code."""
        high = features[self.reads[0]]
        x = self.mean(high.mean((2, 3), keepdim=True)).expand(-1, -1, *high.shape[-2:])
        ways = zip(self.gives, self.reads, self.before, self.attend, self.after, strict=False)
        for level, name, before, attend, after in ways:
            fine = before(features[name])
            x = after(attend(fine, resize(x, fine, align_corners=True)))
            yield level.name, x
        yield "code", self.classify(self.head(x))
