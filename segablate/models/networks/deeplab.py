"""DeepLabv3+ and its DUpsampling form: the same encoder and context, two ways back to full size.

Chen et al., ECCV 2018, arXiv:1802.02611: enlarge, add a feature at 1/4, enlarge. Tian et al., CVPR 2019,
arXiv:1903.02120: stay at 1/16, add features shrunk to it, restore the patches. The low-level features are
those with which the second paper's tables give the best result.
"""

from __future__ import annotations

from typing import Any

from segablate.models.networks.base import Plan, networks

DEEPLAB = "arXiv:1802.02611"
DUPSAMPLING = "arXiv:1903.02120"
RESNET = {"use": "resnet50", "stem": "beta", "stride_in": "last"}


def _deeplab(encoder: str | dict[str, Any], low_level: str) -> Plan:
    return {
        "encoder": encoder,
        "context": {"use": "aspp", "separable": True},
        "decoder": {"use": "deeplabv3plus", "low_level": [low_level]},
        "upsampler": {"use": "bilinear", "fit": "stretch"},
        "output_stride": 16,
    }


def _dupsampling(encoder: str | dict[str, Any], low_level: list[str], channels: int) -> Plan:
    return {
        "encoder": encoder,
        "context": {"use": "aspp", "separable": True},
        "decoder": {"use": "aggregate", "low_level": low_level},
        "upsampler": {"use": "dupsampling", "channels": channels},
        "output_stride": 16,
    }


@networks.register("deeplabv3plus-resnet50", paper=DEEPLAB)
def deeplabv3plus_resnet50() -> Plan:
    """DeepLabv3+ on ResNet-50 (beta), with block 1's feature at 1/4."""
    return _deeplab(dict(RESNET), "b1u2c3")


@networks.register("deeplabv3plus-xception65", paper=DEEPLAB)
def deeplabv3plus_xception65() -> Plan:
    """DeepLabv3+ on Xception-65, with the entry flow's feature at 1/4."""
    return _deeplab("xception65", "efb2u1c2")


@networks.register("dupsampling-resnet50", paper=DUPSAMPLING)
def dupsampling_resnet50() -> Plan:
    """DUpsampling on ResNet-50 (beta), C̃ = 64, with the stem's and block 3's features."""
    return _dupsampling(dict(RESNET), ["conv1_3", "b3u6c3"], 64)


@networks.register("dupsampling-xception65", paper=DUPSAMPLING)
def dupsampling_xception65() -> Plan:
    """DUpsampling on Xception-65, C̃ = 128, with the middle flow's last feature."""
    return _dupsampling("xception65", ["mfb1u16c3"], 128)
