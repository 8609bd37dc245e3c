"""SwiftNet's decoder: enlarge, add a lateral feature, and mix, up to 1/4.

        context ── enlarge ── + ── 3×3 conv ── … ── 1×1 conv ──► code at 1/4
                              ▲
        x16 ──── 1×1 conv ────┘       then x8, then x4

Oršić et al., In Defense of Pre-trained ImageNet Architectures, CVPR 2019, arXiv:1903.08469. Each convolution
follows a norm and a ReLU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders, ladder
from segablate.models.features import Feature
from segablate.models.layers import NormConv, resize


class Up(nn.Module):
    """Enlarge, add a lateral feature, mix.

    Args:
        lateral: channels of the lateral feature.
        channels: channels of what is enlarged and of the result.
    """

    def __init__(self, lateral: int, channels: int) -> None:
        super().__init__()
        self.lateral = NormConv(lateral, channels, 1)
        self.mix = NormConv(channels, channels)

    def forward(self, x: Tensor, lateral: Tensor) -> Tensor:
        """(batch, channels, low h, low w) and (batch, lateral, h, w) → (batch, channels, h, w)."""
        lateral = self.lateral(lateral)
        mixed: Tensor = self.mix(resize(x, lateral) + lateral)
        return mixed


@decoders.register(paper="arXiv:1903.08469")
class SwiftNet(Decoder):
    """A ladder of one width: enlarge, add, mix.

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
        self.reads = ("context", *(feature.name for feature in lateral))
        self.ups = nn.ModuleList(Up(feature.channels, high.channels) for feature in lateral)
        self.norm = nn.BatchNorm2d(high.channels)
        levels = [Feature(f"d{f.stride}", high.channels, f.stride) for f in lateral]
        self.finish(levels[-1], code, bias=True, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, and the code."""
        context, *lateral = self.reads
        x = features[context]
        for level, name, up in zip(self.gives, lateral, self.ups, strict=False):
            x = up(x, features[name])
            yield level.name, x
        yield "code", self.classify(self.norm(x).relu())
