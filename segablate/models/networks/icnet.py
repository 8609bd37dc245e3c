"""ICNet: a pruned PSPNet-50 sees a quarter of the image, and two lighter branches add detail.

Zhao et al., ECCV 2018, arXiv:1704.08545.
"""

from __future__ import annotations

from segablate.models.networks.base import Plan, networks


@networks.register(paper="arXiv:1704.08545")
def icnet() -> Plan:
    """ICNet, with heads on the deep branch and on the first fusion in training."""
    return {
        "encoder": "icnet",
        "context": "pyramid-sum",
        "decoder": "cascade",
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": {
            f"head{stride}": {"on": level, "channels": None, "align_corners": True}
            for stride, level in ((32, "c32"), (16, "d16"))
        },
    }
