"""SFNet: a pyramid pooling module and a feature pyramid aligned by flows.

Li et al., Semantic Flow, ECCV 2020, arXiv:2002.10120.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks

PAPER = "arXiv:2002.10120"


def _sfnet(encoder: str, channels: int, low_level: list[str]) -> Plan:
    return {
        "encoder": encoder,
        "context": {
            "use": "ppm",
            "channels": channels,
            "inner": channels,
            "kernel": 1,
            "relu": False,
            "dropout": 0.1,
            "align_corners": True,
        },
        "decoder": {"use": "sfnet", "low_level": low_level},
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
    }


@networks.register("sfnet-df1", paper=PAPER)
def sfnet_df1() -> Plan:
    """SFNet on DF1."""
    return _sfnet("df1", 64, ["x16", "x32"])


@networks.register("sfnet-resnet18", paper=PAPER)
def sfnet_resnet18() -> Plan:
    """SFNet on ResNet-18."""
    return _sfnet("sfnet-resnet18", 128, ["b1", "b2", "b3"])


@networks.register("sfnet-resnet50", paper=PAPER)
def sfnet_resnet50() -> Plan:
    """SFNet on ResNet-50."""
    return _sfnet("sfnet-resnet50", 256, ["b1", "b2", "b3"])
