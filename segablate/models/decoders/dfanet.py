"""DFANet's decoder, as we read it: sums of narrowed features at 1/4.

        a2, b2, c2 ── 1×1 ── enlarge ── + ── 3×3 ──┐
        a, b, c ───── 1×1 ── enlarge ───────────── + ── 1×1 ──► code at 1/4

Li et al., DFANet, CVPR 2019, arXiv:1904.02216. The paper tells no widths and there is no released code. With
32 channels the multiply-adds are the paper's 3.4 billion at 1024×1024; the size that it prints, 7.8 MiB,
would need 0.2 million parameters more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, finer, pick
from segablate.models.features import Feature, find
from segablate.models.layers import ConvNorm, resize


@decoders.register(paper="arXiv:1904.02216")
class DFANet(Decoder):
    """Sums of features at the finest one's size; the widths are our reading.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of all that is summed.
        low_level: names of the features for detail, finest first; none given: the deepest of the two finest
            strides from 1/4 on.
        high_level: names of the features that are added to them; none given: the context.
    """

    unconfirmed = "the widths of DFANet's decoder are our reading: the paper does not tell them"

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 32,
        low_level: tuple[str, ...] | None = None,
        high_level: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        low = pick(features, low_level, sorted(finer(features, 4))[:2])
        high = [find(features, name) for name in high_level or ("context",)]
        if any(feature.stride < low[0].stride for feature in low):
            raise SegablateError("the first feature of `low_level` must be the finest", field="low_level")
        self.low, self.high = (tuple(feature.name for feature in some) for some in (low, high))
        self.reads = (*self.low, *self.high)
        self.of_low, self.of_high = (
            nn.ModuleList(ConvNorm(feature.channels, channels, 1) for feature in some) for some in (low, high)
        )
        self.merge = ConvNorm(channels, channels)
        self.finish(Feature("last", channels, low[0].stride), code, bias=True)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        first, *others = (conv(features[name]) for conv, name in zip(self.of_low, self.low, strict=True))
        detail = first
        for other in others:
            detail = detail + resize(other, first, align_corners=True)
        total = self.merge(detail)
        for conv, name in zip(self.of_high, self.high, strict=True):
            total = total + resize(conv(features[name]), first, align_corners=True)
        yield "code", self.classify(total)
