"""AlignSeg's decoder: the finest feature takes in ever coarser ones, each aligned to it first.

        c2 ── refine ── d1 ── align with c3 ── d2 ── c4 ── d3 ── c5 ── d4 ── context ── d5 ── head ──► code

        refine:  x ── 1×1 ──┬───────────────────────► + ── norm, leaky ReLU ──►
                            └─ 3×3 to a quarter ── 3×3 ┘

Huang et al., AlignSeg, TPAMI 2021, arXiv:2003.00872. c5 enters twice: itself, and through the context.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.contexts.alignseg import Leaky
from segablate.models.decoders.base import Decoder, decoders, finer, pick
from segablate.models.features import Feature, find
from segablate.models.fusions.alignseg import BoundaryAggregation
from segablate.models.layers import convolution, resize


class Refinement(nn.Module):
    """A residual refinement block.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = max(1, outputs // 4)
        self.lateral = convolution(inputs, outputs, 1)
        self.residual = nn.Sequential(Leaky(outputs, inner), convolution(inner, outputs))
        self.act = nn.Sequential(nn.BatchNorm2d(outputs), nn.LeakyReLU())

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        x = self.lateral(x)
        refined: Tensor = self.act(x + self.residual(x))
        return refined


@decoders.register(paper="arXiv:2003.00872")
class AlignSeg(Decoder):
    """Aligned aggregation at the finest feature's size.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of all levels.
        low_level: names of the encoder's features, finest first; none given: the deepest of each stride from
            1/4 on.
        dropout: share of the head's channels that training leaves out.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 256,
        low_level: tuple[str, ...] | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        high = find(features, "context")
        low = pick(features, low_level, (*reversed(finer(features, 4)), high.stride))
        coarser = [*low[1:], high]
        self.reads = tuple(feature.name for feature in (low[0], *coarser))
        self.lateral = nn.ModuleList(Refinement(feature.channels, channels) for feature in (low[0], *coarser))
        self.align = nn.ModuleList(BoundaryAggregation(channels) for _ in coarser)
        self.refine = nn.ModuleList(Refinement(channels, channels) for _ in coarser)
        self.head = nn.Sequential(Leaky(channels, channels, bias=True), nn.Dropout2d(dropout))
        levels = [Feature(f"d{number}", channels, low[0].stride) for number in range(1, len(low) + 2)]
        self.finish(Feature("head", channels, low[0].stride), code, bias=True, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels, and the code."""
        first, *laterals = self.lateral
        x = first(features[self.reads[0]])
        yield "d1", x
        ways = zip(self.reads[1:], laterals, self.align, self.refine, strict=True)
        for number, (name, lateral, align, refine) in enumerate(ways, start=2):
            x = refine(align(x, resize(lateral(features[name]), x, align_corners=True)))
            yield f"d{number}", x
        yield "code", self.classify(self.head(x))
