"""Networks that weigh or align features before they add them: AlignSeg, AttaNet and DFN.

Huang et al., TPAMI 2021, arXiv:2003.00872; Song et al., AAAI 2021, arXiv:2103.05930; Yu et al., CVPR 2018,
arXiv:1804.09337.
"""

from __future__ import annotations

from typing import Any

from segablate.models.networks.base import Plan, networks

ALIGNSEG = "arXiv:2003.00872"
ATTANET = "arXiv:2103.05930"
STRETCHED = {"use": "bilinear", "align_corners": True, "fit": "stretch"}


def _alignseg(encoder: str) -> Plan:
    return {
        "encoder": {"use": encoder, "stem": "beta"},
        "context": "context-alignment",
        "decoder": {"use": "alignseg", "low_level": ["b1", "b2", "b3", "b4"]},
        "upsampler": dict(STRETCHED),
        "output_stride": 32,
        "auxiliary": {"head3": {"on": "d3", "channels": 256, "bias": True, "align_corners": True}},
    }


@networks.register("alignseg-resnet50", paper=ALIGNSEG)
def alignseg_resnet50() -> Plan:
    """AlignSeg on ResNet-50."""
    return _alignseg("resnet50")


@networks.register("alignseg-resnet101", paper=ALIGNSEG)
def alignseg_resnet101() -> Plan:
    """AlignSeg on ResNet-101."""
    return _alignseg("resnet101")


def _attanet(encoder: str, decoder: dict[str, Any], stride: int, levels: tuple[str, str]) -> Plan:
    return {
        "encoder": encoder,
        "decoder": decoder,
        "upsampler": dict(STRETCHED),
        "output_stride": stride,
        "auxiliary": {f"head-{level}": {"on": level, "align_corners": True} for level in levels},
    }


@networks.register("attanet-resnet18", paper=ATTANET)
def attanet_resnet18() -> Plan:
    """AttaNet on ResNet-18; its heads of training look at the fused feature before and after attention."""
    return _attanet("resnet18", {"use": "attanet", "low_level": ["b3", "b2"]}, 32, ("d16", "d8"))


@networks.register("attanet-light", paper=ATTANET)
def attanet_light() -> Plan:
    """AttaNet on eight convolutions."""
    return _attanet("attanet-light", {"use": "attanet-light"}, 16, ("x16", "fused"))


@networks.register("dfn-resnet101", paper="arXiv:1804.09337")
def dfn_resnet101() -> Plan:
    """DFN on ResNet-101; its border network is there in training only."""
    return {
        "encoder": {"use": "resnet101", "stem": "beta"},
        "decoder": {"use": "dfn", "low_level": ["b3", "b2", "b1"]},
        "upsampler": dict(STRETCHED),
        "output_stride": 32,
        "auxiliary": {
            **{f"head{s}": {"on": f"d{s}", "channels": 171, "align_corners": True} for s in (32, 16, 8)},
            "border": {"use": "border", "on": ["b1", "b2", "b3", "b4"]},
        },
    }
