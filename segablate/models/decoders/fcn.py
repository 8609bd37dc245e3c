"""FCN's decoder: each level is classified by itself, and the scores are added up from coarse to fine.

        context ── 1×1 conv ── ×2 ── + ── ×2 ── + ──► code at 1/8
        p4 ─────── 1×1 conv ─────────┘          │
        p3 ─────── 1×1 conv ────────────────────┘

Long et al., Fully Convolutional Networks, CVPR 2015, arXiv:1411.4038. What enlarges is bilinear
interpolation, which the released transposed convolutions are fixed to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders, ladder
from segablate.models.features import Feature
from segablate.models.layers import convolution, resize


@decoders.register(paper="arXiv:1411.4038")
class FCN(Decoder):
    """Sum of the scores of several levels.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the finer features; none given: the deepest at 1/8 and 1/16.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, low_level: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        high, low = ladder(features, low_level, (8, 16))
        self.reads = ("context", *(feature.name for feature in low))
        self.scores = nn.ModuleList(
            convolution(feature.channels, code, 1, bias=True) for feature in (high, *low)
        )
        self.declare(Feature("last", code, low[-1].stride))

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        first, *others = (score(features[name]) for score, name in zip(self.scores, self.reads, strict=True))
        total = first
        for scores in others:
            total = resize(total, scores) + scores
        yield "code", total
