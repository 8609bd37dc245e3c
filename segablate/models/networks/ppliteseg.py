"""PP-LiteSeg: STDC, a light pyramid, and a decoder that narrows towards the image.

Peng et al., 2022, arXiv:2204.02681; the encoder's border is PaddleSeg's. `released` is the code with which
accuracy and speed were measured: three fusions, and heads at 1/16 and 1/32 in training. `paper` is what the
text and its figure describe: two fusions, α on the coarse feature, and no further heads.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from segablate.models.networks.base import Plan, networks

Variant: TypeAlias = Literal["released", "paper"]

PAPER = "arXiv:2204.02681"


def _pp_liteseg(encoder: str, channels: list[int], variant: Variant) -> Plan:
    heads: dict[str, Any] = {"head16": {"on": "d16"}, "head32": {"on": "d32"}}
    return {
        "encoder": {"use": encoder, "border": "inside"},
        "context": {"use": "sppm", "channels": 128, "bins": [1, 2, 4]},
        "decoder": {
            "use": "fld",
            "channels": channels,
            "fusion": {"use": "uafm", "alpha_on": "fine" if variant == "released" else "coarse"},
            "variant": variant,
            "head": channels[0],
        },
        "upsampler": {"use": "bilinear", "fit": "stretch"},
        "output_stride": 32,
        "auxiliary": heads if variant == "released" else {},
    }


@networks.register("pp-liteseg-t", paper=PAPER)
def pp_liteseg_t(*, variant: Variant = "released") -> Plan:
    """PP-LiteSeg-T: STDC1, decoder channels 32, 64, 128.

    Args:
        variant: three fusions as in the released code, or two as in the paper.
    """
    return _pp_liteseg("stdc1", [32, 64, 128], variant)


@networks.register("pp-liteseg-b", paper=PAPER)
def pp_liteseg_b(*, variant: Variant = "released") -> Plan:
    """PP-LiteSeg-B: STDC2, decoder channels 64, 96, 128.

    Args:
        variant: three fusions as in the released code, or two as in the paper.
    """
    return _pp_liteseg("stdc2", [64, 96, 128], variant)
