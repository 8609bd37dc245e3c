"""FasterSeg's decoder: each branch is enlarged to 1/8 beside its finer features, then both are joined.

        context ── join a16 ── join shared ──┐            join: 1×1, ×2, cat with the finer one, 3×3
        b16 ───── join b8 ──────────────────cat ── 1×1 ── 3×3 ── 1×1 ──► code

Chen et al., FasterSeg, ICLR 2020, arXiv:1912.10917.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders, not_coarser, pick
from segablate.models.features import Feature, find
from segablate.models.layers import ConvNorm, resize

WIDE, NARROW = 128, 64


class Join(nn.Module):
    """Narrow and enlarge a coarse feature, and mix it with a fine one.

    Args:
        coarse: channels of the coarse feature.
        fine: channels of the fine one.
        channels: channels of the narrowed feature and of the result.
    """

    def __init__(self, coarse: int, fine: int, channels: int) -> None:
        super().__init__()
        self.narrow = ConvNorm(coarse, channels, 1)
        self.mix = ConvNorm(channels + fine, channels)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(batch, coarse, low h, low w) and (batch, fine, h, w) → (batch, channels, h, w)."""
        near = resize(self.narrow(coarse), fine, align_corners=True)
        mixed: Tensor = self.mix(torch.cat([near, fine], dim=1))
        return mixed


@decoders.register(paper="arXiv:1912.10917")
class FasterSeg(Decoder):
    """Join two branches with finer features and with each other.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of what the context is joined with at 1/16 and 1/8, and of the other branch at 1/16
            and 1/8; none given: the deepest of each.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, low_level: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        high = find(features, "context")
        named = pick(features, low_level, (16, 8, 16, 8), number=4)
        not_coarser(named, high)
        middle, fine, other, other_fine = named
        self.reads = ("context", *(feature.name for feature in named))
        self.join16 = Join(high.channels, middle.channels, WIDE)
        self.join8 = Join(WIDE, fine.channels, NARROW)
        self.join_other = Join(other.channels, other_fine.channels, NARROW)
        self.head = nn.Sequential(ConvNorm(2 * NARROW, WIDE, 1), ConvNorm(WIDE, WIDE))
        self.finish(Feature("head", WIDE, fine.stride), code, bias=True)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        high, middle, fine, other, other_fine = (features[name] for name in self.reads)
        first = self.join8(self.join16(high, middle), fine)
        second = self.join_other(other, other_fine)
        yield "code", self.classify(self.head(torch.cat([first, second], dim=1)))
