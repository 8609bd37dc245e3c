"""FasterSeg: the student network that the authors' search found.

Chen et al., ICLR 2020, arXiv:1912.10917.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks


@networks.register(paper="arXiv:1912.10917")
def fasterseg() -> Plan:
    """FasterSeg's student."""
    return {
        "encoder": "fasterseg",
        "decoder": {"use": "fasterseg", "low_level": ["a16", "shared", "b16", "b8"]},
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
    }
