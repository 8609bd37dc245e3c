"""FANet's decoder: attention without a softmax, whose cost does not grow with the square of the size.

        level ──► attend ── + ──┬── narrow ── enlarge ──► next finer level
                            ▲   └── 3×3 conv ──► smooth
                     coarser ┘

        code = 1×1 conv of 3×3 conv of [smooth at 1/32, enlarged | smooth at 1/8]

Hu et al., Real-time Semantic Segmentation with Fast Attention, RA-L 2021, arXiv:2007.03815. Queries and keys
are normalised to unit length, so that Q(KᵀV) needs no softmax and costs as much as there are pixels. The
released code has layers that nothing reads; they are here too, at rest, so that parameters agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, pick
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize

KEYS = 32
SMOOTH = 128


class Leaky(ConvNorm):
    """Convolution, batch norm and leaky ReLU.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__(inputs, outputs, kernel, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        return F.leaky_relu(super().forward(x))


class FastAttention(nn.Module):
    """Each pixel asks all others, and the coarser level is added.

    Args:
        channels: channels of the level.
        finer: channels of the next finer level.
        keys: channels of queries and keys.
        smooth: channels of the smoothed result.
        for_scores: whether the smoothed result is read.
        for_finer: whether there is a finer level.
    """

    def __init__(
        self, channels: int, finer: int, keys: int, smooth: int, *, for_scores: bool, for_finer: bool
    ) -> None:
        super().__init__()
        self.query = ConvNorm(channels, keys, 1, relu=False)
        self.key = ConvNorm(channels, keys, 1, relu=False)
        self.value = Leaky(channels, channels, 1)
        self.mix = Leaky(channels, channels, 1)
        self.narrow = Leaky(channels, finer, 1)
        # as released: a 1×1 convolution that sees a border of zeros, and so gives two rows and columns more
        self.narrow.conv.padding = (1, 1)
        self.smooth = Leaky(channels, smooth)
        self.for_scores = for_scores
        self.for_finer = for_finer
        self.smooth.requires_grad_(for_scores)
        self.narrow.requires_grad_(for_finer)

    def forward(self, x: Tensor, coarser: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """A level and the coarser one's result → what is read for the scores and for the finer level."""
        query = F.normalize(self.query(x).flatten(2), dim=1)
        key = F.normalize(self.key(x).flatten(2), dim=1)
        value = self.value(x).flatten(2)
        seen = (value @ key.transpose(1, 2)) @ query
        total: Tensor = self.mix(seen.unflatten(2, x.shape[-2:])) + x
        if coarser is not None:
            total = total + resize(coarser, total, align_corners=True)
        return self.smooth(total) if self.for_scores else None, self.narrow(total) if self.for_finer else None


@decoders.register(paper="arXiv:2007.03815")
class FANet(Decoder):
    """Fast attention at every level, and two of them for the scores.

    It reads the encoder's own features; a context part has no place in it.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the features, finest first; none given: the deepest of each stride from 1/8 on.
            The first and the last but one are for the scores.
        keys: channels of queries and keys.
        smooth: channels of each level's result.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        low_level: tuple[str, ...] | None = None,
        keys: int = KEYS,
        smooth: int = SMOOTH,
    ) -> None:
        super().__init__()
        positive(keys=keys, smooth=smooth)
        strides = {f.stride for f in features if f.name != "context" and f.stride >= 8}
        levels = pick(features, low_level, sorted(strides))
        if len(levels) < 2:
            raise SegablateError("fast attention fuses two features or more", field="low_level")
        self.reads = tuple(level.name for level in levels)
        widths = [level.channels for level in levels]
        finer = [max(1, widths[0] // 2), *widths]
        self.levels = nn.ModuleList(
            FastAttention(
                width,
                finer[number],
                keys,
                smooth,
                for_scores=number in (0, len(levels) - 2),
                for_finer=number > 0,
            )
            for number, width in enumerate(widths)
        )
        self.head = Leaky(2 * smooth, 2 * smooth)
        self.finish(Feature("head", 2 * smooth, levels[0].stride), code, bias=False)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        coarser: Tensor | None = None
        smoothed: list[Tensor] = []
        for name, level in zip(reversed(self.reads), reversed(self.levels), strict=True):
            for_scores, coarser = level(features[name], coarser)
            if for_scores is not None:
                smoothed.append(for_scores)
        wide, fine = smoothed
        yield (
            "code",
            self.classify(self.head(torch.cat([resize(wide, fine, align_corners=True), fine], dim=1))),
        )
