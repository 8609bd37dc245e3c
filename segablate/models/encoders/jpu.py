"""JPU: a ResNet's last three features at 1/8, 1/16 and 1/32 become one at 1/8, in place of dilation.

        b2 ── 3×3 ───────────┐
        b3 ── 3×3 ── ×2 ─────┼─ cat ─┬─ separable 3×3, dilation 1 ─┐
        b4 ── 3×3 ── ×4 ─────┘       ├─ 2 … 4 …                    ├─ cat ──► jpu
                                     └─ separable 3×3, dilation 8 ─┘

Wu et al., FastFCN, 2019, arXiv:1903.11816: joint pyramid upsampling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.encoders.resnet import Bottleneck, ResNet
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize

PAPER = "arXiv:1903.11816"
WIDTH = 512
DILATIONS = (1, 2, 4, 8)


class JointPyramid(nn.Module):
    """Features of three sizes → one of the finest size.

    Args:
        inputs: channels of each, finest first.
        width: channels of each after its convolution, and of each dilated one.
    """

    def __init__(self, inputs: Sequence[int], width: int = WIDTH) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(ConvNorm(channels, width) for channels in inputs)
        both = width * len(inputs)
        self.dilated = nn.ModuleList(
            nn.Sequential(
                ConvNorm(both, both, dilation=dilation, groups=both, relu=False), ConvNorm(both, width, 1)
            )
            for dilation in DILATIONS
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Each (batch, channels, h, w), finest first → (batch, 4·width, h, w)."""
        narrow = [conv(x) for conv, x in zip(self.narrow, features, strict=True)]
        joint = torch.cat([resize(x, narrow[0], align_corners=True) for x in narrow], dim=1)
        return torch.cat([branch(joint) for branch in self.dilated], dim=1)


class JPU(Encoder):
    """An encoder down to 1/32, and a feature at 1/8 made of its last three.

    Args:
        name: how a study calls it.
        depths: number of units of the ResNet's blocks.
        output_stride: 8.
    """

    def __init__(self, name: str, depths: tuple[int, ...], output_stride: int) -> None:
        super().__init__(name, output_stride, (8,))
        self.backbone = ResNet(name, Bottleneck, depths, 32, "beta", "first")
        self.read = ("b2", "b3", "b4")
        own = {feature.name: feature for feature in self.backbone.gives}
        self.joint = JointPyramid([own[name].channels for name in self.read])
        self.gives = (*self.backbone.gives, Feature("jpu", WIDTH * len(DILATIONS), 8))

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The backbone's features, and the joint one."""
        seen = {}
        for name, value in self.backbone.walk(image):
            if name in self.read:
                seen[name] = value
            yield name, value
        yield "jpu", self.joint([seen[name] for name in self.read])


@encoders.register("jpu-resnet50", paper=PAPER)
def jpu_resnet50(output_stride: int, /) -> JPU:
    """ResNet-50 and a joint pyramid.

    Args:
        output_stride: 8.
    """
    return JPU("jpu-resnet50", (3, 4, 6, 3), output_stride)


@encoders.register("jpu-resnet101", paper=PAPER)
def jpu_resnet101(output_stride: int, /) -> JPU:
    """ResNet-101 and a joint pyramid.

    Args:
        output_stride: 8.
    """
    return JPU("jpu-resnet101", (3, 4, 23, 3), output_stride)
