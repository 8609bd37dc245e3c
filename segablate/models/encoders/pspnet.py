"""PSPNet's ResNets: a stem of three 3×3 convolutions, and blocks that are dilated from their first unit on.

Zhao et al., Pyramid Scene Parsing Network, CVPR 2017, arXiv:1612.01105. TF DeepLab's and torchvision's
dilated ResNets have half the dilation in a block's first unit.
"""

from __future__ import annotations

from torch import nn

from segablate.models.encoders.base import encoders
from segablate.models.encoders.resnet import Bottleneck, ResNet

PAPER = "arXiv:1612.01105"
STRIDES = {3: 16, 4: 32}


def _dilated(name: str, depths: tuple[int, ...], output_stride: int) -> ResNet:
    encoder = ResNet(name, Bottleneck, depths, output_stride, "beta", "first")
    for block, stride in STRIDES.items():
        dilation = max(1, stride // output_stride)
        for unit in encoder.get_submodule(f"layer{block}").children():
            conv = unit.get_submodule("conv2")
            if isinstance(conv, nn.Conv2d):
                conv.dilation = conv.padding = (dilation, dilation)
    return encoder


@encoders.register("pspnet-resnet50", paper=PAPER)
def pspnet_resnet50(output_stride: int, /) -> ResNet:
    """ResNet-50 as PSPNet has it.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return _dilated("pspnet-resnet50", (3, 4, 6, 3), output_stride)


@encoders.register("pspnet-resnet101", paper=PAPER)
def pspnet_resnet101(output_stride: int, /) -> ResNet:
    """ResNet-101 as PSPNet has it.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return _dilated("pspnet-resnet101", (3, 4, 23, 3), output_stride)
