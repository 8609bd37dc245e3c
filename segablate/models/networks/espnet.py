"""ESPNet and ESPNetV2: pyramids of dilated convolutions in every unit.

Mehta et al., ECCV 2018, arXiv:1803.06815, and CVPR 2019, arXiv:1811.11431.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks


@networks.register(paper="arXiv:1803.06815")
def espnet(*, fine: int = 2, deep: int = 8) -> Plan:
    """ESPNet.

    Args:
        fine: units at 1/4, p.
        deep: units at 1/8, q.
    """
    return {
        "encoder": {"use": "espnet", "fine": fine, "deep": deep},
        "decoder": "espnet",
        "upsampler": {"use": "transposed", "overlap": False},
        "output_stride": 8,
    }


@networks.register(paper="arXiv:1811.11431")
def espnetv2(*, scale: float = 2.0) -> Plan:
    """ESPNetV2.

    Args:
        scale: how many times as wide as 64 channels at 1/4, s.
    """
    return {
        "encoder": {"use": "espnetv2", "scale": scale},
        "decoder": "espnetv2",
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 16,
        "auxiliary": {"head8": {"on": "scores8", "channels": None, "align_corners": True, "scored": True}},
    }
