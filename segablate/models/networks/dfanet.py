"""DFANet, as we read it: the encoder costs what the paper says, the widths of the decoder are ours.

Li et al., CVPR 2019, arXiv:1904.02216.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks

PAPER = "arXiv:1904.02216"


def _dfanet(encoder: str) -> Plan:
    return {
        "encoder": encoder,
        "decoder": {"use": "dfanet", "low_level": ["a2", "b2", "c2"], "high_level": ["a", "b", "context"]},
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 64,
    }


@networks.register("dfanet-a", paper=PAPER)
def dfanet_a() -> Plan:
    """DFANet A, our reading: nobody outside its authors knows the decoder's widths."""
    return _dfanet("dfanet-a")


@networks.register("dfanet-b", paper=PAPER)
def dfanet_b() -> Plan:
    """DFANet B, our reading: nobody outside its authors knows the decoder's widths."""
    return _dfanet("dfanet-b")
