"""BiSeNetV2's two branches: wide and shallow for detail, narrow and deep for meaning.

                 ┌── 8 convolutions, 64 to 128 channels ──────────────────────► detail at 1/8
        image ───┤
                 └── stem: x4 ── gather and expand: s8 ── s16 ── s32 ─────────► 128 channels at 1/32

        gather and expand:  x ── 3×3 ── depth-wise 3×3 to six times as many ── 1×1 ──► + ── ReLU ──►

Yu et al., BiSeNetV2, IJCV 2021, arXiv:2004.02147. The authors released no code; as the best-known
re-implementation, a ReLU follows the depth-wise convolution to six times as many channels.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm

EXPANSION = 6


class Stem(nn.Module):
    """To 1/4 of the size, by a strided convolution and a max-pool side by side.

    Args:
        channels: channels of the output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(3, channels, stride=2)
        self.left = nn.Sequential(
            ConvNorm(channels, channels // 2, 1), ConvNorm(channels // 2, channels, stride=2)
        )
        self.merge = ConvNorm(2 * channels, channels)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, h, w) → (batch, channels, ⌈h/4⌉, ⌈w/4⌉)."""
        x = self.first(image)
        merged: Tensor = self.merge(torch.cat([self.left(x), F.max_pool2d(x, 3, 2, 1)], dim=1))
        return merged


class GatherExpand(nn.Module):
    """The semantic branch's unit.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        stride: 1, or 2 with a second depth-wise convolution and a shortcut of its own.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = EXPANSION * inputs
        layers = [ConvNorm(inputs, inputs)]
        self.shortcut: nn.Module = nn.Identity()
        if stride == 1:
            layers.append(ConvNorm(inputs, inner, groups=inputs))
        else:
            layers.append(ConvNorm(inputs, inner, stride=stride, groups=inputs, relu=False))
            layers.append(ConvNorm(inner, inner, groups=inner))
            self.shortcut = nn.Sequential(
                ConvNorm(inputs, inputs, stride=stride, groups=inputs, relu=False),
                ConvNorm(inputs, outputs, 1, relu=False),
            )
        self.main = nn.Sequential(*layers, ConvNorm(inner, outputs, 1, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        total: Tensor = self.main(x) + self.shortcut(x)
        return total.relu()


@encoders.register("bisenetv2", paper="arXiv:2004.02147")
class BiSeNetV2(Encoder):
    """BiSeNetV2's detail branch and semantic branch.

    Args:
        output_stride: 32; there is no dilated form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("bisenetv2", output_stride, (32,))
        self.detail = nn.Sequential(
            *(ConvNorm(3, 64, stride=2), ConvNorm(64, 64)),
            *(ConvNorm(64, 64, stride=2), ConvNorm(64, 64), ConvNorm(64, 64)),
            *(ConvNorm(64, 128, stride=2), ConvNorm(128, 128), ConvNorm(128, 128)),
        )
        self.stem = Stem(16)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(GatherExpand(16, 32, 2), GatherExpand(32, 32, 1)),
                nn.Sequential(GatherExpand(32, 64, 2), GatherExpand(64, 64, 1)),
                nn.Sequential(GatherExpand(64, 128, 2), *(GatherExpand(128, 128, 1) for _ in range(3))),
            ]
        )
        self.gives = (
            Feature("detail", 128, 8),
            Feature("x4", 16, 4),
            *(Feature(f"x{8 << level}", 32 << level, 8 << level) for level in range(3)),
        )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The detail branch, and the semantic branch's stages."""
        yield "detail", self.detail(image)
        x = self.stem(image)
        yield "x4", x
        for feature, stage in zip(self.gives[2:], self.blocks, strict=True):
            x = stage(x)
            yield feature.name, x
