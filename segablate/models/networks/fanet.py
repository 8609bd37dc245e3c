"""FANet: a ResNet that shrinks early, with attention that is linear in the number of pixels.

Hu et al., Real-time Semantic Segmentation with Fast Attention, RA-L 2021, arXiv:2007.03815.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks

PAPER = "arXiv:2007.03815"


def _fanet(encoder: str) -> Plan:
    return {
        "encoder": encoder,
        "decoder": "fanet",
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 64,
    }


@networks.register("fanet-18", paper=PAPER)
def fanet_18() -> Plan:
    """FANet on ResNet-18."""
    return _fanet("fanet-resnet18")


@networks.register("fanet-34", paper=PAPER)
def fanet_34() -> Plan:
    """FANet on ResNet-34."""
    return _fanet("fanet-resnet34")
