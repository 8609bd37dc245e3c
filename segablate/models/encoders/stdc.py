"""STDC: each block looks at its input at four scales, with fewer and fewer channels, and keeps all.

        image ── 3×3/2 ── 3×3/2 ── blocks → x8 ── blocks → x16 ── blocks → x32
                  x2       x4

        block:  x ── 1×1 ──┬── 3×3 ──┬── 3×3 ──┬── 3×3 ──┐
                           │ N/2     │ N/4     │ N/8     │ N/8
                           └─────────┴── cat ──┴─────────┴──► N channels

With stride 2, a depth-wise 3×3/2 stands before the second convolution, and an average pool on the first's way
to the end. Fan et al., Rethinking BiSeNet, CVPR 2021, arXiv:2104.13188. Parameters are named as in STDC-Seg.
That average counts the zeros around the image in the authors' code and leaves them out in PaddleSeg's: the
same weights answer otherwise near the border. `border` has both.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution

Border: TypeAlias = Literal["zeros", "inside"]

PAPER = "arXiv:2104.13188"
STAGES = {"x8": 256, "x16": 512, "x32": 1024}


class ShortTermDense(nn.Module):
    """A block: four convolutions in a row, all four outputs side by side.

    Args:
        inputs: channels of the input.
        outputs: channels of the output, a multiple of eight.
        stride: 1 or 2.
        border: whether the average pool counts the zeros around the image.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, border: Border) -> None:
        super().__init__()
        half, quarter, eighth = outputs // 2, outputs // 4, outputs // 8
        self.conv_list = nn.ModuleList(
            [
                ConvNorm(inputs, half, 1),
                ConvNorm(half, quarter),
                ConvNorm(quarter, eighth),
                ConvNorm(eighth, eighth),
            ]
        )
        self.avd_layer: nn.Module = nn.Identity()
        self.skip: nn.Module = nn.Identity()
        if stride == 2:
            self.avd_layer = nn.Sequential(
                convolution(half, half, stride=2, groups=half), nn.BatchNorm2d(half)
            )
            self.skip = nn.AvgPool2d(3, 2, 1, count_include_pad=border == "zeros")

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        first, *others = self.conv_list
        x = first(x)
        seen = [self.skip(x)]
        x = self.avd_layer(x)
        for conv in others:
            x = conv(x)
            seen.append(x)
        return torch.cat(seen, dim=1)


class STDC(Encoder):
    """An STDC network without its classifier.

    Args:
        name: how a study calls it.
        depths: number of blocks of each of the three stages.
        output_stride: 32; the family has no dilated form.
        border: whether the average pools count the zeros around the image.
    """

    def __init__(self, name: str, depths: tuple[int, ...], output_stride: int, border: Border) -> None:
        super().__init__(name, output_stride, (32,))
        self.border = border
        self.features = nn.Sequential(ConvNorm(3, 32, stride=2), ConvNorm(32, 64, stride=2))
        features = [Feature("x2", 32, 2), Feature("x4", 64, 4)]
        channels = 64
        for (feature, outputs), depth in zip(STAGES.items(), depths, strict=True):
            for number in range(depth):
                self.features.append(ShortTermDense(channels, outputs, 2 if number == 0 else 1, border))
                channels = outputs
            features.append(Feature(feature, outputs, 2 * features[-1].stride))
        self.gives = tuple(features)
        ends = [0, 1, *(1 + sum(depths[: stage + 1]) for stage in range(3))]
        self.names = dict(zip(ends, (feature.name for feature in features), strict=True))

    def stages(self) -> list[Stage]:
        """The two convolutions, then the three stages of blocks."""
        begins = [0, *(end + 1 for end in self.names)]
        return [
            Stage(name, list(self.features)[begin : end + 1])
            for begin, (end, name) in zip(begins, self.names.items(), strict=False)
        ]


@encoders.register(paper=PAPER)
def stdc1(output_stride: int, /, *, border: Border = "zeros") -> STDC:
    """STDC1: 2, 2 and 2 blocks.

    Args:
        output_stride: 32; the family has no dilated form.
        border: what an average pool takes in there: `zeros` as the authors' code, or only what is `inside`
            the image, as PaddleSeg.
    """
    return STDC("stdc1", (2, 2, 2), output_stride, border)


@encoders.register(paper=PAPER)
def stdc2(output_stride: int, /, *, border: Border = "zeros") -> STDC:
    """STDC2: 4, 5 and 3 blocks.

    Args:
        output_stride: 32; the family has no dilated form.
        border: what an average pool takes in there: `zeros` as the authors' code, or only what is `inside`
            the image, as PaddleSeg.
    """
    return STDC("stdc2", (4, 5, 3), output_stride, border)
