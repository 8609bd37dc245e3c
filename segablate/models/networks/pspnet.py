"""ResNets at 1/8 with a context and a head behind: PSPNet, DeepLabv3, EncNet; and FastFCN,
whose encoder does without the dilation.

Zhao et al., CVPR 2017, arXiv:1612.01105; Chen et al., 2017, arXiv:1706.05587; Zhang et al., CVPR 2018,
arXiv:1803.08904; Wu et al., 2019, arXiv:1903.11816.
"""

from __future__ import annotations

from typing import Any, Literal

from segablate.models.networks.base import Plan, networks

PSP = "arXiv:1612.01105"
FASTFCN = "arXiv:1903.11816"

PYRAMID = {"use": "ppm", "channels": 512, "inner": 512, "dropout": 0.1, "align_corners": True}


def _at_eighth(encoder: str | dict[str, Any], context: dict[str, Any], decoder: Any) -> Plan:
    return {
        "encoder": encoder,
        "context": context,
        "decoder": decoder,
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 8,
        "auxiliary": {"head3": {"on": "b3", "channels": 256, "align_corners": True}},
    }


def _with_presence(plan: Plan) -> Plan:
    """A head that predicts from the image's code which classes there are; its weight is not confirmed."""
    presence = {"on": "encoding", "channels": None, "bias": True, "loss": "presence", "weight": 0.2}
    return {**plan, "auxiliary": {**plan["auxiliary"], "presence": presence}}


@networks.register("pspnet-resnet50", paper=PSP)
def pspnet_resnet50() -> Plan:
    """PSPNet on ResNet-50."""
    return _at_eighth("pspnet-resnet50", dict(PYRAMID), "head")


@networks.register("pspnet-resnet101", paper=PSP)
def pspnet_resnet101() -> Plan:
    """PSPNet on ResNet-101."""
    return _at_eighth("pspnet-resnet101", dict(PYRAMID), "head")


@networks.register("deeplabv3-resnet50", paper="arXiv:1706.05587")
def deeplabv3_resnet50() -> Plan:
    """DeepLabv3 on ResNet-50 at 1/8, with a 3×3 convolution before the scores as toolkits have it."""
    return _at_eighth({"use": "resnet50", "stem": "beta"}, {"use": "aspp"}, {"use": "head", "channels": 256})


@networks.register("encnet-resnet50", paper="arXiv:1803.08904")
def encnet_resnet50() -> Plan:
    """EncNet on ResNet-50; in training it also predicts which classes there are, with a weight of 0.2."""
    return _with_presence(_at_eighth({"use": "resnet50", "stem": "beta"}, {"use": "encoding"}, "head"))


@networks.register("fastfcn-resnet50", paper=FASTFCN)
def fastfcn_resnet50(*, head: Literal["encoding", "psp", "aspp"] = "encoding") -> Plan:
    """FastFCN on ResNet-50: joint pyramid upsampling in place of dilation.

    Args:
        head: EncNet's, PSPNet's or DeepLabv3's context.
    """
    heads: dict[str, tuple[dict[str, Any], Any]] = {
        "encoding": ({"use": "encoding", "kernel": 1}, "head"),
        "psp": (dict(PYRAMID), "head"),
        "aspp": ({"use": "aspp"}, {"use": "head", "channels": 256}),
    }
    plan = _at_eighth("jpu-resnet50", *heads[head])
    return _with_presence(plan) if head == "encoding" else plan
