"""VGG-16: thirteen 3×3 convolutions, and a max-pool after every second or third.

        image ── 2 convolutions: c1 ── pool: p1 ── 2: c2 ── p2 ── 3: c3 ── p3 ── 3: c4 ── p4 ── 3: c5 ── p5

Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556. With batch norms it is SegNet's encoder.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution

DEPTHS = (2, 2, 3, 3, 3)
WIDTHS = (64, 128, 256, 512, 512)


@encoders.register(paper="arXiv:1409.1556")
class VGG16(Encoder):
    """VGG-16 without its classifier.

    Args:
        output_stride: 32; there is no dilated form.
        norm: a batch norm after each convolution.
    """

    def __init__(self, output_stride: int, /, *, norm: bool = False) -> None:
        super().__init__("vgg16", output_stride, (32,))
        self.blocks, self.pool = nn.ModuleList(), nn.MaxPool2d(2, 2, ceil_mode=True)
        features, channels = [], 3
        for level, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
            layers: list[nn.Module] = []
            for _ in range(depth):
                if norm:
                    layers.append(ConvNorm(channels, width, bias=True))
                else:
                    layers += [convolution(channels, width, bias=True), nn.ReLU()]
                channels = width
            self.blocks.append(nn.Sequential(*layers))
            features.append(Feature(f"c{level + 1}", width, 1 << level))
            features.append(Feature(f"p{level + 1}", width, 2 << level))
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The five blocks, each with the pool at its end."""
        return [Stage(f"p{number}", [block]) for number, block in enumerate(self.blocks, start=1)]

    def through(self, stage: Stage, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Before the pool and after it."""
        for module in stage.modules:
            x = module(x)
        yield f"c{stage.name[1:]}", x
        yield stage.name, self.pool(x)
