"""SwiftNet: a pre-trained ResNet-18, a light pyramid and a ladder of 128 channels.

Oršić et al., In Defense of Pre-trained ImageNet Architectures, CVPR 2019, arXiv:1903.08469.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks


@networks.register("swiftnet-resnet18", paper="arXiv:1903.08469")
def swiftnet_resnet18() -> Plan:
    """SwiftNet on ResNet-18, one scale."""
    return {
        "encoder": "swiftnet-resnet18",
        "context": "spp",
        "decoder": "swiftnet",
        "upsampler": {"use": "bilinear", "fit": "stretch"},
        "output_stride": 32,
    }
