"""Xception-39: residual units of depth-wise separable convolutions, made thin for speed.

        image ── 3×3/2: x2 ── max-pool ── 4 units: x8 ── 8 units: x16 ── 4 units: x32

        unit:  x ── separable ── ReLU ── separable ── ReLU ── separable ──► + ── ReLU ──►
               └── where the stride is 2: separable ────────────────────────┘

Yu et al., BiSeNet, ECCV 2018, arXiv:1808.00897, as released: one batch norm after each pair of convolutions.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution

DEPTHS = (4, 8, 4)
WIDTHS = (16, 32, 64)
EXPANSION = 4


class Pair(nn.Sequential):
    """A depth-wise 3×3 convolution, a 1×1 one and a batch norm.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        stride: stride of the depth-wise convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            convolution(inputs, inputs, stride=stride, groups=inputs),
            convolution(inputs, outputs, 1),
            nn.BatchNorm2d(outputs),
        )


class Unit(nn.Module):
    """Three pairs and a shortcut.

    Args:
        inputs: channels of the input.
        width: channels inside; the output has four times as many.
        stride: stride of the first pair.
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = Pair(inputs, width, stride)
        self.second = Pair(width, width)
        self.third = Pair(width, EXPANSION * width)
        self.shortcut = Pair(inputs, EXPANSION * width, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, 4·width, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y = self.third(self.second(self.first(x).relu()).relu())
        total: Tensor = y + self.shortcut(x)
        return total.relu()


@encoders.register("xception39", paper="arXiv:1808.00897")
class Xception39(Encoder):
    """Xception-39, BiSeNet's light context path.

    Args:
        output_stride: 32; there is no dilated form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("xception39", output_stride, (32,))
        self.stem = ConvNorm(3, 8, stride=2)
        features, channels = [Feature("x2", 8, 2)], 8
        self.blocks = nn.ModuleList()
        for number, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
            pool = [nn.MaxPool2d(3, 2, 1)] if number == 0 else []
            first = Unit(channels, width, 2)
            channels = EXPANSION * width
            rest = (Unit(channels, width, 1) for _ in range(depth - 1))
            self.blocks.append(nn.Sequential(*pool, first, *rest))
            stride = 8 << number
            features.append(Feature(f"x{stride}", channels, stride))
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The stem and each group of units."""
        return [
            Stage(feature.name, [module])
            for feature, module in zip(self.gives, [self.stem, *self.blocks], strict=True)
        ]
