"""SwiftNet's ResNet-18: each block gives its sum before the last ReLU.

Oršić et al., In Defense of Pre-trained ImageNet Architectures, CVPR 2019, arXiv:1903.08469. The decoder
begins each way with a norm and a ReLU of its own.
"""

from __future__ import annotations

from segablate.models.encoders.base import encoders
from segablate.models.encoders.resnet import Basic, ResNet


@encoders.register("swiftnet-resnet18", paper="arXiv:1903.08469")
def swiftnet_resnet18(output_stride: int, /) -> ResNet:
    """ResNet-18 whose blocks give what stands before their last ReLU.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return ResNet("swiftnet-resnet18", Basic, (2, 2, 2, 2), output_stride, "plain", "first", before_relu=True)
