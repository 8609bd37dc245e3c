"""Cascade: ever finer features are fused, and the last is enlarged once more before it is classified.

        context ──► fuse ── c16 ──► fuse ── c8 ── enlarge ── 1×1 conv ──► code at 1/4
                     ▲               ▲
                    x16             x8

Zhao et al., ICNet, ECCV 2018, arXiv:1704.08545, where the fusion is CFF.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from segablate.errors import context
from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, not_coarser
from segablate.models.features import Feature, deepest, find
from segablate.models.fusions.base import fusions
from segablate.models.layers import resize


@decoders.register(paper="arXiv:1704.08545")
class Cascade(Decoder):
    """Fuse from coarse to fine with one width, and classify at twice the finest size.

    Args:
        features: what there is to read.
        code: channels of the code.
        fusion: how a level is made of the encoder's feature and the level below.
        channels: channels of each level.
        low_level: names of the features that are fused; none given: the deepest at 1/8 and 1/16.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        fusion: str | dict[str, Any] = "cff",
        channels: int = 128,
        low_level: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        own = [feature for feature in features if feature.name != "context"]
        named = [deepest(own, stride) for stride in (8, 16)]
        if low_level is not None:
            named = [find(own, name) for name in low_level]
        positive(low_level=len(named))
        low = sorted(named, key=lambda feature: -feature.stride)
        high = find(features, "context")
        not_coarser(low, high)
        levels = [Feature(f"c{high.stride}", high.channels, high.stride)]
        self.fuse = nn.ModuleList()
        for feature in low:
            part, settings = fusions.resolve(fusion)
            above = levels[-1]
            ingredients = {
                "fine": feature.channels,
                "coarse": above.channels,
                "out": channels,
                "ratio": above.stride // feature.stride,
            }
            with context(field="fusion"):
                self.fuse.append(part.build(ingredients, settings))
            levels.append(Feature(f"d{feature.stride}", channels, feature.stride))
        like = deepest(own, low[-1].stride // 2)
        self.only_places = (like.name,)
        self.reads = ("context", *(feature.name for feature in low), like.name)
        self.finish(Feature("last", channels, like.stride), code, bias=True, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, the context first, and the code."""
        x, *low, like = (features[name] for name in self.reads)
        first, *levels, _ = self.gives
        yield first.name, x
        for level, fine, fuse in zip(levels, low, self.fuse, strict=True):
            x = fuse(fine, x)
            yield level.name, x
        yield "code", self.classify(resize(x, like, align_corners=True))
