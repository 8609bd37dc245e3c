"""ENet's decoder: values go back to where the encoder's maxima were, and few units smooth the result.

        context ──► up, 2 units ── up, 1 unit ──► code at 1/2

        up:  x ── 1×1 ── transposed 3×3/2 ── 1×1 ──► + ── ReLU ──►
             └── 1×1 ── back to the maxima ──────────┘

Paszke et al., ENet, 2016, arXiv:1606.02147. The maxima are those of the encoder's features in windows of 2×2,
which are looked for again. The last level has the code's channels if it can: those of the feature whose
maxima it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.decoders.base import Decoder, decoders, finer, ladder
from segablate.models.encoders.enet import Unit, norm
from segablate.models.features import Feature
from segablate.models.layers import convolution

DROPOUT = 0.1


def unpool(x: Tensor, like: Tensor) -> Tensor:
    """Put each value where the maximum of its window of 2×2 was; elsewhere is zero.

    Args:
        x: (batch, channels, ⌈h/2⌉, ⌈w/2⌉).
        like: what has the maxima, (batch, channels, h, w).

    Returns:
        (batch, channels, h, w).
    """
    _, places = F.max_pool2d(like, 2, 2, ceil_mode=True, return_indices=True)
    size = [int(like.shape[-2]), int(like.shape[-1])]
    return F.max_unpool2d(x, places, [2, 2], [2, 2], output_size=size)


class Up(nn.Module):
    """A bottleneck that doubles the size.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = max(1, outputs // 4)
        self.narrow = nn.Sequential(convolution(inputs, inner, 1), norm(inner), nn.ReLU())
        self.enlarge = nn.ConvTranspose2d(inner, inner, 3, 2, 1, 1)
        self.widen = nn.Sequential(norm(inner), nn.ReLU(), convolution(inner, outputs, 1), norm(outputs))
        self.shortcut = nn.Sequential(convolution(inputs, outputs, 1), norm(outputs))

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """(batch, inputs, ⌈h/2⌉, ⌈w/2⌉) and (batch, outputs, h, w) → (batch, outputs, h, w)."""
        enlarged = self.enlarge(self.narrow(x))[..., : like.shape[-2], : like.shape[-1]]
        total: Tensor = self.widen(enlarged) + unpool(self.shortcut(x), like)
        return total.relu()


@decoders.register(paper="arXiv:1606.02147")
class ENet(Decoder):
    """Unpool to where the encoder's maxima were, level by level.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the features whose maxima are taken, each half as coarse as the one before; none
            given: the deepest of each stride that is finer than the context.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, low_level: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        high, levels = ladder(features, low_level, finer(features))
        self.only_places = tuple(level.name for level in levels)
        self.reads = ("context", *self.only_places)
        self.blocks, self.ups = nn.ModuleList(), nn.ModuleList()
        width = high.channels
        for number, level in enumerate(levels, start=1):
            self.ups.append(Up(width, level.channels))
            width = level.channels
            units = 1 if number == len(levels) else 2
            self.blocks.append(
                nn.Sequential(*(Unit(width, width, dropout=DROPOUT, learned=False) for _ in range(units)))
            )
        last = Feature("last", width, levels[-1].stride)
        if width == code:
            self.declare(last)
        else:
            self.finish(last, code, bias=True)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        x, *places = (features[name] for name in self.reads)
        for like, up, block in zip(places, self.ups, self.blocks, strict=True):
            x = block(up(x, like))
        last = self.last_convolution
        yield "code", x if last is None else last(x)
