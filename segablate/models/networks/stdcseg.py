"""STDC-Seg: STDC and a context path; in training a head at 1/8 must find the edges, which keeps the detail.

Fan et al., Rethinking BiSeNet, CVPR 2021, arXiv:2104.13188.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks

PAPER = "arXiv:2104.13188"


def _stdc_seg(encoder: str) -> Plan:
    return {
        "encoder": encoder,
        "decoder": "stdc-seg",
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": {
            "head16": {"on": "cp8", "align_corners": True},
            "head32": {"on": "cp16", "align_corners": True},
            "detail": {"on": "x8", "outputs": 1, "align_corners": True},
        },
    }


@networks.register("stdc1-seg", paper=PAPER)
def stdc1_seg() -> Plan:
    """STDC-Seg on STDC1."""
    return _stdc_seg("stdc1")


@networks.register("stdc2-seg", paper=PAPER)
def stdc2_seg() -> Plan:
    """STDC-Seg on STDC2."""
    return _stdc_seg("stdc2")
