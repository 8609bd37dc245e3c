"""FANet's ResNet: every block halves the size, so that the last feature lies at 1/64.

        image ── 7×7/2 ── max-pool /4 ── x8 ── x16 ── x32 ── x64

Hu et al., Real-time Semantic Segmentation with Fast Attention, RA-L 2021, arXiv:2007.03815. Inside a unit the
activation is a leaky ReLU, at its end a ReLU, as released.
"""

from __future__ import annotations

from torch import nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Residual

PAPER = "arXiv:2007.03815"
WIDTHS = (64, 128, 256, 512)
SLOPE = 0.01


class FANetEncoder(Encoder):
    """A ResNet of basic units with a stride in all four blocks.

    Args:
        name: how a study calls it.
        depths: number of units of each block.
        output_stride: 64; there is no dilated form.
    """

    def __init__(self, name: str, depths: tuple[int, ...], output_stride: int) -> None:
        super().__init__(name, output_stride, (64,))
        self.stem = nn.Sequential(ConvNorm(3, 64, 7, stride=2, relu=False), nn.LeakyReLU(SLOPE))
        self.blocks = nn.ModuleList()
        features, channels = [Feature("x2", 64, 2)], 64
        for level, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True)):
            first = Residual(channels, width, 2, slope=SLOPE)
            rest = (Residual(width, width, slope=SLOPE) for _ in range(depth - 1))
            pool = [nn.MaxPool2d(3, 2, 1)] if level == 0 else []
            self.blocks.append(nn.Sequential(*pool, first, *rest))
            features.append(Feature(f"x{8 << level}", width, 8 << level))
            channels = width
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The stem and the four blocks."""
        return [
            Stage(feature.name, [module])
            for feature, module in zip(self.gives, [self.stem, *self.blocks], strict=True)
        ]


@encoders.register("fanet-resnet18", paper=PAPER)
def fanet_resnet18(output_stride: int, /) -> FANetEncoder:
    """ResNet-18 down to 1/64.

    Args:
        output_stride: 64.
    """
    return FANetEncoder("fanet-resnet18", (2, 2, 2, 2), output_stride)


@encoders.register("fanet-resnet34", paper=PAPER)
def fanet_resnet34(output_stride: int, /) -> FANetEncoder:
    """ResNet-34 down to 1/64.

    Args:
        output_stride: 64.
    """
    return FANetEncoder("fanet-resnet34", (3, 4, 6, 3), output_stride)
