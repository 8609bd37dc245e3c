"""ENet: 0.36 million parameters, and max-unpooling on the way back.

Paszke et al., 2016, arXiv:1606.02147.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks


@networks.register(paper="arXiv:1606.02147")
def enet() -> Plan:
    """ENet, which ends with a transposed convolution of 16 channels at 1/2."""
    return {
        "encoder": "enet",
        "decoder": {"use": "enet", "low_level": ["x4", "x2"]},
        "upsampler": {"use": "transposed", "channels": 16, "overlap": False, "bias": True},
        "output_stride": 8,
    }
