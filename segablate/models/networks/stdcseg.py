"""STDC-Seg: STDC and a context path; in training a head at 1/8 must find the edges, which keeps the detail.

Fan et al., Rethinking BiSeNet, CVPR 2021, arXiv:2104.13188. `authors` is the code they released; `paddleseg`
is PaddleSeg's, whose average pools leave out what is beyond the image and whose convolutions have biases.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from segablate.models.networks.base import Plan, networks

Variant: TypeAlias = Literal["authors", "paddleseg"]

PAPER = "arXiv:2104.13188"


def _stdc_seg(encoder: str, variant: Variant) -> Plan:
    bias = variant == "paddleseg"
    head: dict[str, Any] = {"align_corners": True, "bias": bias}
    return {
        "encoder": {"use": encoder, "border": "inside" if variant == "paddleseg" else "zeros"},
        "decoder": {"use": "stdc-seg", "bias": bias},
        "upsampler": {"use": "bilinear", "align_corners": True, "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": {
            "head16": {"on": "cp8", **head},
            "head32": {"on": "cp16", **head},
            "detail": {"on": "x8", "outputs": 1, **head},
        },
    }


@networks.register("stdc1-seg", paper=PAPER)
def stdc1_seg(*, variant: Variant = "authors") -> Plan:
    """STDC-Seg on STDC1.

    Args:
        variant: whose code, the authors' or PaddleSeg's; each takes its own checkpoints.
    """
    return _stdc_seg("stdc1", variant)


@networks.register("stdc2-seg", paper=PAPER)
def stdc2_seg(*, variant: Variant = "authors") -> Plan:
    """STDC-Seg on STDC2.

    Args:
        variant: whose code, the authors' or PaddleSeg's; each takes its own checkpoints.
    """
    return _stdc_seg("stdc2", variant)
