"""BiSeNet's two paths: a shallow one that keeps detail at 1/8, beside a deep one that sees far.

                 ┌── 7×7/2 ── 3×3/2 ── 3×3/2 ── 1×1 ──► spatial
        image ───┤
                 └── Xception-39 or ResNet-18 ────────► its features

Yu et al., BiSeNet, ECCV 2018, arXiv:1808.00897. The paper's spatial path has three 3×3 convolutions; the
released code, whose results are known, begins with a 7×7 one and ends with a 1×1 one.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.encoders.resnet import resnet18
from segablate.models.encoders.xception39 import Xception39
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm

PAPER = "arXiv:1808.00897"


class TwoPaths(Encoder):
    """The spatial path beside another encoder.

    Args:
        name: how a study calls it.
        deep: the context path.
    """

    def __init__(self, name: str, deep: Encoder) -> None:
        super().__init__(name, deep.output_stride, (deep.output_stride,))
        self.spatial = nn.Sequential(
            ConvNorm(3, 64, 7, stride=2),
            ConvNorm(64, 64, stride=2),
            ConvNorm(64, 64, stride=2),
            ConvNorm(64, 128, 1),
        )
        self.deep = deep
        self.gives = (Feature("spatial", 128, 8), *deep.gives)

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The spatial path, and the features of the other."""
        yield "spatial", self.spatial(image)
        yield from self.deep.walk(image)


@encoders.register("bisenet-xception39", paper=PAPER)
def bisenet_xception39(output_stride: int, /) -> TwoPaths:
    """BiSeNet's spatial path beside Xception-39.

    Args:
        output_stride: 32.
    """
    return TwoPaths("bisenet-xception39", Xception39(output_stride))


@encoders.register("bisenet-resnet18", paper=PAPER)
def bisenet_resnet18(output_stride: int, /) -> TwoPaths:
    """BiSeNet's spatial path beside ResNet-18.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """
    return TwoPaths("bisenet-resnet18", resnet18(output_stride))
