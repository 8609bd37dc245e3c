"""DF: a ResNet found by a search that trades accuracy against time.

        image ── 3×3/2: x2 ── 3×3/2: x4 ── 3 units: x8 ── 3: x16 ── 3: x32 ── 1 wider: x32w

Li et al., Partial Order Pruning, CVPR 2019, arXiv:1903.03777: DF1, as SFNet uses it.
"""

from __future__ import annotations

from torch import nn

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Residual

# name, channels, units and stride of each stage
STAGES = (("x8", 64, 3, 2), ("x16", 128, 3, 2), ("x32", 256, 3, 2), ("x32w", 512, 1, 1))


@encoders.register("df1", paper="arXiv:1903.03777")
class DF1(Encoder):
    """DF1 without its classifier.

    Args:
        output_stride: 32; there is no dilated form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("df1", output_stride, (32,))
        self.stem = nn.ModuleList([ConvNorm(3, 32, stride=2), ConvNorm(32, 64, stride=2)])
        features = [Feature("x2", 32, 2), Feature("x4", 64, 4)]
        self.blocks = nn.ModuleList()
        channels, reached = 64, 4
        for name, width, depth, stride in STAGES:
            reached *= stride
            units = [Residual(channels, width, stride)]
            units += [Residual(width, width) for _ in range(depth - 1)]
            self.blocks.append(nn.Sequential(*units))
            features.append(Feature(name, width, reached))
            channels = width
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The two convolutions of the stem and each stage."""
        return [
            Stage(feature.name, [module])
            for feature, module in zip(self.gives, [*self.stem, *self.blocks], strict=True)
        ]
