"""Aggregate: low-level features are shrunk to the high-level one, and all the work is done there.

        low ── shrink ── 1×1 conv ──┐
                                    cat ── separable 3×3, twice ── … ── 1×1 conv ──► code, as coarse as it was
        context ────────────────────┘

Tian et al., CVPR 2019, arXiv:1903.02120. A good upsampler makes it needless to work at a fine size, so that
any low-level feature costs the same. A feature is shrunk before its 1×1 convolution and several are taken in
one after the other: the paper tells neither, but only so do its operation counts come out. It also leaves
open what the last convolution is; here it is a plain 1×1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from segablate.models.decoders.base import Decoder, decoders
from segablate.models.decoders.refine import chain
from segablate.models.features import Feature, find
from segablate.models.layers import resize


@decoders.register(paper="arXiv:1903.02120")
class Aggregate(Decoder):
    """Shrink what is fine and add it to what is deep.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of low-level features, in the order in which they are taken in; they may be none.
        reduce: channels each low-level feature is reduced to.
        channels: channels of the separable convolutions.
        separable: split the 3×3 convolutions into depth-wise and 1×1.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        low_level: tuple[str, ...] = (),
        reduce: int = 48,
        channels: int = 256,
        separable: bool = True,
    ) -> None:
        super().__init__()
        high = find(features, "context")
        low = [find(features, name) for name in low_level]
        self.low = low_level
        self.reads = ("context", *low_level)
        self.refine = chain(low, high, reduce=reduce, channels=channels, separable=separable)
        last = Feature("refined", channels, high.stride) if low else high
        self.finish(last, code, bias=True)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        x = features["context"]
        for name, refine in zip(self.low, self.refine, strict=True):
            x = refine(resize(features[name], x), x)
        yield "code", self.classify(x)
