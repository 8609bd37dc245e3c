"""RefineNet: at each level residual units, a sum with the coarser level, and chained pools.

        c5 ── 3×3 ── units ── chained pools ── units ── r32
        c4 ── 3×3 ── units ── 3×3 ── + r32, 3×3, ×2 ── chained pools ── units ── r16 … ── 3×3 ──► code at 1/4

Lin et al., RefineNet, CVPR 2017, arXiv:1611.06612.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, finer, ladder
from segablate.models.features import Feature
from segablate.models.layers import convolution, resize

POOLS = 4
UNITS_BEFORE, UNITS_AFTER = 2, 3
DROPPED = 2


class ResidualUnit(nn.Module):
    """A residual convolution unit, without norms.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels, bias=True)
        self.second = convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        y: Tensor = self.second(self.first(x.relu()).relu())
        return x + y


class ChainedPools(nn.Module):
    """A feature, its max-pool, the max-pool of that, and so on, each convolved, added up.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.ModuleList(convolution(channels, channels) for _ in range(POOLS))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        total = x
        for mix in self.mix:
            x = mix(F.max_pool2d(x, 5, 1, 2))
            total = total + x
        return total


class Level(nn.Module):
    """One level.

    Args:
        inputs: channels of the encoder's feature.
        coarser: channels of the coarser level; none: there is none.
        outputs: channels of the result.
        width: channels of the feature before the sum.
        dropout: share of the feature's numbers that training leaves out.
    """

    def __init__(self, inputs: int, coarser: int | None, outputs: int, width: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.narrow = convolution(inputs, width)
        self.before = nn.Sequential(*(ResidualUnit(width) for _ in range(UNITS_BEFORE)))
        self.of_fine = nn.Identity() if coarser is None else convolution(width, outputs)
        self.of_coarse = None if coarser is None else convolution(coarser, outputs)
        self.pools = ChainedPools(outputs)
        self.after = nn.Sequential(*(ResidualUnit(outputs) for _ in range(UNITS_AFTER)))

    def forward(self, x: Tensor, coarse: Tensor | None) -> Tensor:
        """(batch, inputs, h, w) and (batch, coarser, low h, low w) → (batch, outputs, h, w)."""
        total: Tensor = self.of_fine(self.before(self.narrow(self.dropout(x))))
        if self.of_coarse is not None and coarse is not None:
            total = total + resize(self.of_coarse(coarse), total, align_corners=True)
        refined: Tensor = self.after(self.pools(total.relu()))
        return refined


@decoders.register(paper="arXiv:1611.06612")
class RefineNet(Decoder):
    """Refine features from coarse to fine with long residual paths.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of all levels but the coarsest, which has twice as many.
        low_level: names of the finer features, beside the context; none given: the deepest of each stride
            from 1/4 on that is finer than the context.
        dropout: share of numbers of the two coarsest features that training leaves out.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 256,
        low_level: tuple[str, ...] | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        positive(channels=channels)
        high, low = ladder(features, low_level, finer(features, 4))
        self.reads = ("context", *(feature.name for feature in low))
        self.levels = nn.ModuleList()
        gives: list[Feature] = []
        for number, feature in enumerate((high, *low)):
            coarser = gives[-1].channels if gives else None
            width = channels if gives else 2 * channels
            share = dropout if number < DROPPED else 0.0
            self.levels.append(Level(feature.channels, coarser, width, width, dropout=share))
            gives.append(Feature(f"r{feature.stride}", width, feature.stride))
        self.last = convolution(gives[-1].channels, code, bias=True)
        self.declare(Feature("last", code, gives[-1].stride), levels=gives)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, and the code."""
        x: Tensor | None = None
        for level, name, refine in zip(self.gives, self.reads, self.levels, strict=False):
            x = refine(features[name], x)
            yield level.name, x
        yield "code", self.last(x)
