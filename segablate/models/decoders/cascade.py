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

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, ladder, pick
from segablate.models.features import Feature
from segablate.models.fusions.base import fusion_of
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
        high, low = ladder(features, low_level, (8, 16))
        levels = [Feature(f"c{high.stride}", high.channels, high.stride)]
        self.fuse = nn.ModuleList()
        for feature in low:
            self.fuse.append(fusion_of(fusion, feature, levels[-1], channels))
            levels.append(Feature(f"d{feature.stride}", channels, feature.stride))
        (like,) = pick(features, None, [low[-1].stride // 2])
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
