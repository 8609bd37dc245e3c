"""SFNet's decoder: a feature pyramid whose coarse features are read along a learned flow.

        context ────────────────────── f32 ───────────────────────────┐
                                        │ warp                        │
        x16 ── 1×1 conv ── l ── + ── f16 ────────────── 3×3 conv ─────┼─ enlarge, cat ── 3×3 ── 1×1 ──► code
                                │ warp                                │
        x8 ─── 1×1 conv ── l ── + ── f8 ─────────────── 3×3 conv ─────┘

Li et al., Semantic Flow, ECCV 2020, arXiv:2002.10120. The coarsest level has no 3×3 convolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders, ladder
from segablate.models.features import Feature
from segablate.models.fusions.flow import FlowAlignment
from segablate.models.layers import ConvNorm, resize


@decoders.register(paper="arXiv:2002.10120")
class SFNet(Decoder):
    """A feature pyramid of the context's width, aligned by flows.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the lateral features; none given: the deepest at 1/4, 1/8 and 1/16.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, low_level: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        high, lateral = ladder(features, low_level, (4, 8, 16))
        width, finest = high.channels, lateral[-1].stride
        self.reads = ("context", *(feature.name for feature in lateral))
        self.lateral = nn.ModuleList(ConvNorm(feature.channels, width, 1, bias=True) for feature in lateral)
        self.align = nn.ModuleList(FlowAlignment(width) for _ in lateral)
        self.smooth = nn.ModuleList(ConvNorm(width, width) for _ in lateral)
        self.head = ConvNorm(width * (1 + len(lateral)), width)
        levels = [Feature(f"d{number}", width, f.stride) for number, f in enumerate(lateral, start=1)]
        self.finish(Feature("head", width, finest), code, bias=True, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, and the code."""
        context, *names = self.reads
        x = features[context]
        seen = [x]
        ways = zip(self.gives, names, self.lateral, self.align, self.smooth, strict=False)
        for level, name, lateral, align, smooth in ways:
            beside = lateral(features[name])
            x = beside + align(beside, x)
            seen.append(smooth(x))
            yield level.name, seen[-1]
        enlarged = [resize(x, seen[-1], align_corners=True) for x in reversed(seen)]
        yield "code", self.classify(self.head(torch.cat(enlarged, dim=1)))
