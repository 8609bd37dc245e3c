"""BiSeNet and BiSeNetV2: a path for detail beside a path for meaning.

Yu et al., ECCV 2018, arXiv:1808.00897, and IJCV 2021, arXiv:2004.02147.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from segablate.models.networks.base import Plan, networks

Variant: TypeAlias = Literal["released", "mmseg"]

V1 = "arXiv:1808.00897"
V2 = "arXiv:2004.02147"


def _bisenet(encoder: str, low_level: list[str], variant: Variant, auxiliary: int) -> Plan:
    released = variant == "released"
    heads = {
        f"head{level}": {"on": f"cp{level}", "channels": auxiliary, "align_corners": released}
        for level in (8, 16)
    }
    return {
        "encoder": encoder,
        "decoder": {
            "use": "bisenet",
            "low_level": low_level,
            "head": 64 if released else 256,
            "variant": variant,
        },
        "upsampler": {"use": "bilinear", "align_corners": released, "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": heads,
    }


@networks.register("bisenetv1-xception39", paper=V1)
def bisenetv1_xception39(*, variant: Variant = "released") -> Plan:
    """BiSeNet on Xception-39.

    Args:
        variant: as the authors released it, or as `mmseg` and others re-implemented it.
    """
    return _bisenet("bisenet-xception39", ["spatial", "x16", "x32"], variant, 128)


@networks.register("bisenetv1-resnet18", paper=V1)
def bisenetv1_resnet18(*, variant: Variant = "released") -> Plan:
    """BiSeNet on ResNet-18.

    Args:
        variant: as the authors released it, or as `mmseg` and others re-implemented it.
    """
    return _bisenet("bisenet-resnet18", ["spatial", "b3", "b4"], variant, 256)


@networks.register("bisenetv2", paper=V2)
def bisenetv2() -> Plan:
    """BiSeNetV2, with its booster heads in training."""
    return {
        "encoder": "bisenetv2",
        "context": "context-embedding",
        "decoder": {"use": "bilateral", "detail": "detail", "fusion": "bga"},
        "upsampler": {"use": "bilinear", "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": {f"head{stride}": {"on": f"x{stride}", "channels": 128} for stride in (4, 8, 16, 32)},
    }
