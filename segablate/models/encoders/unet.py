"""U-Net's contracting path: two 3×3 convolutions a level, and a max-pool between levels.

        image ── 2 convolutions: x1 ── pool, 2: x2 ── pool, 2: x4 ── pool, 2: x8 ── pool, 2: x16

Ronneberger et al., U-Net, MICCAI 2015, arXiv:1505.04597; with padding and batch norms, as all
re-implementations have it.
"""

from __future__ import annotations

from torch import nn

from segablate.models.check import positive
from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm

WIDTHS = (64, 128, 256, 512)


class Double(nn.Sequential):
    """Two 3×3 convolutions.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        bias: whether the convolutions have one.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool) -> None:
        super().__init__(ConvNorm(inputs, outputs, bias=bias), ConvNorm(outputs, outputs, bias=bias))


@encoders.register(paper="arXiv:1505.04597")
class UNet(Encoder):
    """U-Net's contracting path.

    Args:
        output_stride: 16; there is no other form.
        deepest: channels at 1/16.
        bias: whether the convolutions have one.
    """

    def __init__(self, output_stride: int, /, *, deepest: int = 1024, bias: bool = False) -> None:
        super().__init__("unet", output_stride, (16,))
        positive(deepest=deepest)
        self.blocks = nn.ModuleList()
        features, channels = [], 3
        for level, width in enumerate((*WIDTHS, deepest)):
            pool = [nn.MaxPool2d(2, 2, ceil_mode=True)] if level else []
            self.blocks.append(nn.Sequential(*pool, Double(channels, width, bias=bias)))
            features.append(Feature(f"x{1 << level}", width, 1 << level))
            channels = width
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The five levels."""
        return [Stage(feature.name, [block]) for feature, block in zip(self.gives, self.blocks, strict=True)]
