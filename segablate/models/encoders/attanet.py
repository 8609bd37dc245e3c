"""AttaNet's light encoder: eight convolutions down to 1/16.

        image ── 7×7/2: x2 ── 3×3/2: x4 ── 3×3/2, 2 more: x8 ── 3×3/2, 2 more: x16

Song et al., AttaNet, AAAI 2021, arXiv:2103.05930.
"""

from __future__ import annotations

from torch import nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm


@encoders.register("attanet-light", paper="arXiv:2103.05930")
class AttaNetLight(Encoder):
    """AttaNet's light encoder.

    Args:
        output_stride: 16; there is no other form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("attanet-light", output_stride, (16,))
        self.blocks = nn.ModuleList(
            [
                ConvNorm(3, 32, 7, stride=2),
                ConvNorm(32, 64, stride=2),
                nn.Sequential(ConvNorm(64, 64, stride=2), ConvNorm(64, 64), ConvNorm(64, 64)),
                nn.Sequential(ConvNorm(64, 128, stride=2), ConvNorm(128, 128), ConvNorm(128, 128)),
            ]
        )
        self.gives = tuple(
            Feature(f"x{2 << level}", width, 2 << level) for level, width in enumerate((32, 64, 64, 128))
        )

    def stages(self) -> list[Stage]:
        """The four levels."""
        return [Stage(feature.name, [block]) for feature, block in zip(self.gives, self.blocks, strict=True)]
