"""SFNet's ResNets: a stem of three 3×3 convolutions, and dilated units that keep their block's stride.

Li et al., Semantic Flow, ECCV 2020, arXiv:2002.10120. The released code dilates the second convolution of
blocks 3 and 4 by 2 and 4 without giving up their strides, so that the last feature stays at 1/32.
"""

from __future__ import annotations

from torch import nn

from segablate.models.encoders.base import encoders
from segablate.models.encoders.resnet import Basic, Bottleneck, ResNet

PAPER = "arXiv:2002.10120"


def _dilated(encoder: ResNet) -> ResNet:
    for block, dilation in ((3, 2), (4, 4)):
        for unit in encoder.get_submodule(f"layer{block}").children():
            conv = unit.get_submodule("conv2")
            if isinstance(conv, nn.Conv2d):
                conv.dilation = conv.padding = (dilation, dilation)
    return encoder


@encoders.register("sfnet-resnet18", paper=PAPER)
def sfnet_resnet18(output_stride: int, /) -> ResNet:
    """ResNet-18 as SFNet has it.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return _dilated(ResNet("sfnet-resnet18", Basic, (2, 2, 2, 2), output_stride, "beta", "first"))


@encoders.register("sfnet-resnet50", paper=PAPER)
def sfnet_resnet50(output_stride: int, /) -> ResNet:
    """ResNet-50 as SFNet has it.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return _dilated(ResNet("sfnet-resnet50", Bottleneck, (3, 4, 6, 3), output_stride, "beta", "first"))
