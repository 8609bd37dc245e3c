"""DFANet's encoder: one light Xception three times, each fed with the attention output of the one before.

        image ── 3×3/2 ── stage 2: a2 ── stage 3: a3 ── stage 4: a4 ── attention: a
        a enlarged 4 times, with a2 ── stage 2: b2 ── with a3 ── stage 3 ── with a4 ── stage 4 ── attention: b
        b enlarged 4 times, with b2 ── …                                                                   : c

Li et al., DFANet, CVPR 2019, arXiv:1904.02216. There is no released code: that the first unit of a stage
has a 1×1 projection with a stride is concluded from the paper's multiply-adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.encoders.xception39 import Pair
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution, resize

PAPER = "arXiv:1904.02216"
DEPTHS = (4, 6, 4)
# classes of the classifier whose linear layer the attention takes over
IMAGENET_CLASSES = 1000


class Unit(nn.Module):
    """Three pairs of a depth-wise and a 1×1 convolution, and a shortcut.

    Args:
        inputs: channels of the input.
        outputs: channels of the output; inside there is a quarter of them.
        stride: stride of the first pair.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        width = outputs // 4
        self.first = Pair(inputs, width, stride)
        self.second = Pair(width, width)
        self.third = Pair(width, outputs)
        self.shortcut = convolution(inputs, outputs, 1, stride=stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y = self.third(self.second(self.first(x).relu()).relu()).relu()
        total: Tensor = y + self.shortcut(x)
        return total


class Attention(nn.Module):
    """Channels weighed by what a classifier would make of the whole image.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.classify = nn.Linear(channels, IMAGENET_CLASSES)
        self.weigh = convolution(IMAGENET_CLASSES, channels, 1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        weight: Tensor = self.weigh(self.classify(x.mean((2, 3)))[:, :, None, None])
        return x * weight


class Backbone(nn.Module):
    """Three stages and the attention.

    Args:
        widths: channels of the stages.
        inputs: channels of what each stage is given.
    """

    def __init__(self, widths: Sequence[int], inputs: Sequence[int]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(Unit(inside, width, 2), *(Unit(width, width, 1) for _ in range(depth - 1)))
            for inside, width, depth in zip(inputs, widths, DEPTHS, strict=True)
        )
        self.attend = Attention(widths[-1])

    def forward(self, x: Tensor, before: Sequence[Tensor]) -> list[Tensor]:
        """The input and the stages of the backbone before → the stages, and the attention's output."""
        outputs = []
        for number, stage in enumerate(self.stages):
            x = stage(torch.cat([x, before[number]], dim=1) if before else x)
            outputs.append(x)
        return [*outputs, self.attend(x)]


class DFANetEncoder(Encoder):
    """Three backbones, one after another.

    Args:
        name: how a study calls it.
        widths: channels of the stages.
        output_stride: 64; there is no other form.
    """

    def __init__(self, name: str, widths: tuple[int, int, int], output_stride: int) -> None:
        super().__init__(name, output_stride, (64,))
        two, three, four = widths
        again = (four + two, two + three, three + four)
        self.stem = ConvNorm(3, 8, stride=2)
        self.backbones = nn.ModuleList(Backbone(widths, inputs) for inputs in ((8, two, three), again, again))
        self.gives = tuple(
            Feature(f"{letter}{part}", width, stride << step)
            for step, letter in enumerate("abc")
            for part, width, stride in (("2", two, 4), ("", four, 16))
        )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Of each backbone its first stage and the attention's output."""
        x: Tensor = self.stem(image)
        stages: list[Tensor] = []
        for letter, backbone in zip("abc", self.backbones, strict=True):
            if stages:
                x = resize(x, stages[0], align_corners=True)
            *stages, x = backbone(x, stages)
            yield f"{letter}2", stages[0]
            yield letter, x


@encoders.register("dfanet-a", paper=PAPER)
def dfanet_a(output_stride: int, /) -> DFANetEncoder:
    """DFANet's wider encoder.

    Args:
        output_stride: 64.
    """
    return DFANetEncoder("dfanet-a", (48, 96, 192), output_stride)


@encoders.register("dfanet-b", paper=PAPER)
def dfanet_b(output_stride: int, /) -> DFANetEncoder:
    """DFANet's narrower encoder.

    Args:
        output_stride: 64.
    """
    return DFANetEncoder("dfanet-b", (32, 64, 128), output_stride)
