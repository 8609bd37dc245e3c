"""DeepLabv3+: the high-level feature is enlarged to each low-level one, from coarse to fine.

        low ─────── 1×1 conv ──┐
                               cat ── separable 3×3, twice ── … ── 1×1 conv ──► code, as fine as the finest
        context ── enlarge ────┘

Chen et al., ECCV 2018, arXiv:1802.02611; what DUpsampling's paper calls the vanilla decoder. All the work is
done at the low-level feature's size, which is why a second, finer one makes it dear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from segablate.models.decoders.base import Decoder, decoders
from segablate.models.decoders.refine import chain
from segablate.models.features import Feature, deepest, find
from segablate.models.layers import resize


@decoders.register(paper="arXiv:1802.02611")
class DeepLabV3Plus(Decoder):
    """Enlarge what is deep and add what is fine.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of low-level features; none given: the deepest at 1/4.
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
        low_level: tuple[str, ...] | None = None,
        reduce: int = 48,
        channels: int = 256,
        separable: bool = True,
    ) -> None:
        super().__init__()
        high = find(features, "context")
        named = [deepest(features, 4)] if low_level is None else [find(features, name) for name in low_level]
        low = sorted(named, key=lambda feature: -feature.stride)
        self.low = tuple(feature.name for feature in low)
        self.reads = ("context", *self.low)
        self.refine = chain(low, high, reduce=reduce, channels=channels, separable=separable)
        last = Feature("refined", channels, low[-1].stride) if low else high
        self.finish(last, code, bias=True)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        x = features["context"]
        for name, refine in zip(self.low, self.refine, strict=True):
            x = refine(features[name], resize(x, features[name]))
        yield "code", self.classify(x)
