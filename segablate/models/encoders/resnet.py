"""ResNet: units that add what they find to what they were given.

        image ── stem /2 ── max-pool /4 ── b1 ── b2 ── b3 ── b4
                   │                       each: 2–23 units

        unit:  x ──► c1 ── c2 ── c3 ──► + ── ReLU ──►        b2u3c3: block 2, unit 3, convolution 3,
               └──────── shortcut ──────┘                    before the sum, as in TF DeepLab

He et al., Deep Residual Learning, 2015, arXiv:1512.03385; the stride of a unit is in its 3×3 convolution.
Parameters are named as in torchvision. TF DeepLab's "beta" has three 3×3 convolutions as its stem, conv1_1 to
conv1_3, and a block's stride in its last unit, so that a block's features are finer there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Dilation, Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution

Stem: TypeAlias = Literal["plain", "beta"]
StrideIn: TypeAlias = Literal["first", "last"]

WIDTHS = (64, 128, 256, 512)
PAPER = "arXiv:1512.03385"


class Basic(nn.Module):
    """Two 3×3 convolutions and a shortcut.

    Args:
        inputs: channels of the input.
        width: channels inside.
        stride: stride of the unit.
        dilation: dilation of its 3×3 convolutions.
    """

    expansion = 1
    convolutions = 2

    def __init__(self, inputs: int, width: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, width, stride=stride, dilation=dilation)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = convolution(width, width, dilation=dilation)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, inputs, h, w) → the sum that a ReLU follows, and the last convolution's part of it."""
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y))
        return y + self.downsample(x), y


class Bottleneck(nn.Module):
    """1×1 to few channels, 3×3, 1×1 to four times as many, and a shortcut.

    Args:
        inputs: channels of the input.
        width: channels inside; the output has four times as many.
        stride: stride of the unit.
        dilation: dilation of its 3×3 convolution.
    """

    expansion = 4
    convolutions = 3

    def __init__(self, inputs: int, width: int, stride: int, dilation: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = convolution(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = convolution(width, width, stride=stride, dilation=dilation)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = convolution(width, outputs, 1)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, inputs, h, w) → the sum that a ReLU follows, and the last convolution's part of it."""
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        return y + self.downsample(x), y


class Subsample(nn.Module):
    """Every stride-th pixel: the shortcut of a unit that has a stride but as many outputs as inputs.

    Args:
        stride: how many pixels become one in each direction.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, channels, ⌈h/stride⌉, ⌈w/stride⌉)."""
        return x[..., :: self.stride, :: self.stride]


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """What a unit's input goes through before it is added to what the unit found."""
    if inputs != outputs:
        return nn.Sequential(convolution(inputs, outputs, 1, stride=stride), nn.BatchNorm2d(outputs))
    return Subsample(stride) if stride > 1 else nn.Identity()


class ResNet(Encoder):
    """A ResNet without its classifier; see the functions below for the settings.

    Args:
        name: how a study calls it.
        unit: what its blocks are made of.
        depths: number of units of each of the four blocks.
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
        stem: one 7×7 convolution, or three 3×3.
        stride_in: which of its units carries a block's stride.
        before_relu: give each block's sum before its last ReLU, for what begins with a norm and a ReLU.
    """

    def __init__(
        self,
        name: str,
        unit: type[Basic] | type[Bottleneck],
        depths: tuple[int, ...],
        output_stride: int,
        stem: Stem,
        stride_in: StrideIn,
        before_relu: bool = False,
    ) -> None:
        super().__init__(name, output_stride, (8, 16, 32))
        self.beta = stem == "beta"
        self.before_relu = before_relu
        channels = self._make_stem()
        self.stem_name = "conv1_3" if self.beta else "conv1"
        features = [Feature(self.stem_name, channels, 2)]
        dilation = Dilation(4, output_stride)
        for block, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), start=1):
            units: list[nn.Module] = []
            for number in range(1, depth + 1):
                units.append(unit(channels, width, *dilation.take(_stride(block, number, depth, stride_in))))
                channels = width * unit.expansion
                features.append(Feature(f"b{block}u{number}c{unit.convolutions}", channels, dilation.stride))
            features.append(Feature(f"b{block}", channels, dilation.stride))
            self.add_module(f"layer{block}", nn.Sequential(*units))
        self.convolutions = unit.convolutions
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The stem and the four blocks."""
        blocks = [
            Stage(f"b{block}", list(self.get_submodule(f"layer{block}").children())) for block in range(1, 5)
        ]
        return [Stage(self.stem_name, [self.conv1] if self.beta else [self.conv1, self.bn1]), *blocks]

    def through(self, stage: Stage, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Of the stem its result, of a block each unit's last convolution and the sum at the end."""
        if stage.name == self.stem_name:
            x = self.conv1(x) if self.beta else self.bn1(self.conv1(x)).relu()
        else:
            if stage.name == "b1":
                x = F.max_pool2d(x, 3, 2, 1)
            elif self.before_relu:
                x = x.relu()
            for number, unit in enumerate(stage.modules, start=1):
                total, inner = unit(x)
                # before its ReLU the sum at the end is what the next block begins with
                x = total if self.before_relu and number == len(stage.modules) else total.relu()
                yield f"{stage.name}u{number}c{self.convolutions}", inner
        yield stage.name, x

    def _make_stem(self) -> int:
        if self.beta:
            self.conv1: nn.Module = nn.Sequential(
                ConvNorm(3, 64, stride=2), ConvNorm(64, 64), ConvNorm(64, 128)
            )
            return 128
        self.conv1 = convolution(3, 64, 7, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        return 64


def _stride(block: int, number: int, depth: int, stride_in: StrideIn) -> int:
    # first: the strides to 1/8, 1/16, 1/32 open blocks 2, 3, 4; last: the same strides close blocks 1, 2, 3
    if stride_in == "first":
        return 2 if block > 1 and number == 1 else 1
    return 2 if block < 4 and number == depth else 1


@encoders.register(paper=PAPER)
def resnet18(output_stride: int, /, *, stem: Stem = "plain", stride_in: StrideIn = "first") -> ResNet:
    """ResNet-18: 8 units of two 3×3 convolutions.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
        stem: `plain` is one 7×7 convolution, `beta` three 3×3, as TF DeepLab has it.
        stride_in: the unit of a block that carries its stride; torchvision: first, TF DeepLab: last.
    """
    return ResNet("resnet18", Basic, (2, 2, 2, 2), output_stride, stem, stride_in)


@encoders.register(paper=PAPER)
def resnet50(output_stride: int, /, *, stem: Stem = "plain", stride_in: StrideIn = "first") -> ResNet:
    """ResNet-50: 16 bottlenecks.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
        stem: `plain` is one 7×7 convolution, `beta` three 3×3, as TF DeepLab has it.
        stride_in: the unit of a block that carries its stride; torchvision: first, TF DeepLab: last.
    """
    return ResNet("resnet50", Bottleneck, (3, 4, 6, 3), output_stride, stem, stride_in)


@encoders.register(paper=PAPER)
def resnet101(output_stride: int, /, *, stem: Stem = "plain", stride_in: StrideIn = "first") -> ResNet:
    """ResNet-101: 33 bottlenecks.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
        stem: `plain` is one 7×7 convolution, `beta` three 3×3, as TF DeepLab has it.
        stride_in: the unit of a block that carries its stride; torchvision: first, TF DeepLab: last.
    """
    return ResNet("resnet101", Bottleneck, (3, 4, 23, 3), output_stride, stem, stride_in)
