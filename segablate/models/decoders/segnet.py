"""SegNet's decoder: the encoder in reverse, with values put back to where the maxima were.

        context ── unpool ── 3 convolutions ── unpool ── 3 ── unpool ── 3 ── unpool ── 2 ── unpool ── 2 ──►
                   (c5)                        (c4)           (c3)           (c2)           (c1)

Badrinarayanan et al., SegNet, TPAMI 2017, arXiv:1511.00561. The maxima are those of the encoder's features in
windows of 2×2, which are looked for again. The last 3×3 convolution has no norm and gives the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, finer, ladder
from segablate.models.decoders.enet import unpool
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution


@decoders.register(paper="arXiv:1511.00561")
class SegNet(Decoder):
    """Unpool and convolve, level by level.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the features whose maxima are taken, each half as coarse as the one before; none
            given: the deepest of each stride that is finer than the context.
        depths: number of convolutions of each level, that with the code included.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        low_level: tuple[str, ...] | None = None,
        depths: tuple[int, ...] = (3, 3, 3, 2, 2),
    ) -> None:
        super().__init__()
        high, levels = ladder(features, low_level, finer(features))
        positive(depths=min(depths, default=0))
        self.only_places = tuple(level.name for level in levels)
        self.reads = ("context", *self.only_places)
        self.match, self.blocks = nn.ModuleList(), nn.ModuleList()
        width = high.channels
        for level, finer_one, depth in zip(levels, [*levels[1:], None], depths, strict=False):
            self.match.append(
                nn.Identity() if width == level.channels else ConvNorm(width, level.channels, 1, bias=True)
            )
            width = level.channels
            layers: list[nn.Module] = [ConvNorm(width, width, bias=True) for _ in range(depth - 1)]
            if finer_one is None:
                layers.append(convolution(width, code, bias=True))
            else:
                layers.append(ConvNorm(width, finer_one.channels, bias=True))
                width = finer_one.channels
            self.blocks.append(nn.Sequential(*layers))
        self.declare(Feature("last", code, levels[-1].stride))

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        x, *places = (features[name] for name in self.reads)
        for like, match, block in zip(places, self.match, self.blocks, strict=True):
            x = block(unpool(match(x), like))
        yield "code", x
