"""Networks that both papers' tables begin with: FCN, SegNet, U-Net and RefineNet."""

from __future__ import annotations

from typing import Any, Literal

from segablate.models.networks.base import Plan, networks


@networks.register("fcn-8s", paper="arXiv:1411.4038")
def fcn_8s() -> Plan:
    """FCN-8s on VGG-16, padded inside in place of a border of 100 pixels around the image."""
    return {
        "encoder": "vgg16",
        "context": "fully-connected",
        "decoder": {"use": "fcn", "low_level": ["p4", "p3"]},
        "upsampler": "bilinear",
        "output_stride": 32,
    }


@networks.register(paper="arXiv:1511.00561")
def segnet() -> Plan:
    """SegNet on VGG-16 with batch norms."""
    return {
        "encoder": {"use": "vgg16", "norm": True},
        "decoder": {"use": "segnet", "low_level": ["c5", "c4", "c3", "c2", "c1"]},
        "upsampler": "bilinear",
        "output_stride": 32,
    }


@networks.register(paper="arXiv:1505.04597")
def unet(*, variant: Literal["padded", "paddleseg"] = "padded") -> Plan:
    """U-Net with padding and batch norms.

    Args:
        variant: `padded` is the paper's but for these; `paddleseg` interpolates, with 512 channels at 1/16.
    """
    paddle = variant == "paddleseg"
    decoder: dict[str, Any] = {"use": "unet"}
    if paddle:
        decoder |= {"enlarge": "bilinear", "kernel": 3, "bias": True}
    return {
        "encoder": {"use": "unet", "deepest": 512 if paddle else 1024, "bias": paddle},
        "decoder": decoder,
        "upsampler": "bilinear",
        "output_stride": 16,
    }


def _refinenet(encoder: str) -> Plan:
    return {
        "encoder": encoder,
        "decoder": {"use": "refinenet", "low_level": ["b3", "b2", "b1"]},
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
    }


@networks.register("refinenet-resnet50", paper="arXiv:1611.06612")
def refinenet_resnet50() -> Plan:
    """RefineNet on ResNet-50."""
    return _refinenet("resnet50")


@networks.register("refinenet-resnet101", paper="arXiv:1611.06612")
def refinenet_resnet101() -> Plan:
    """RefineNet on ResNet-101."""
    return _refinenet("resnet101")
