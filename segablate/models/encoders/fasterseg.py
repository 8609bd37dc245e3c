"""FasterSeg's student: two branches that a search found, of convolutions some of which work at half the size.

        image ── three strided steps ── shared ─┬─ A: a16 ── a32
                                                └─ B: b8 ── b16

Chen et al., FasterSeg, ICLR 2020, arXiv:1912.10917.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize


class Step(nn.Module):
    """One or two 3×3 convolutions, at full or at half the size.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        convolutions: one or two.
        stride: 1, or 2 to leave the result at half the size.
        zoomed: bring the input to half the size first, and the result back unless it shall be halved.
    """

    def __init__(
        self, inputs: int, outputs: int, convolutions: int = 2, *, stride: int = 1, zoomed: bool = False
    ) -> None:
        super().__init__()
        first = 1 if zoomed else stride
        layers = [ConvNorm(inputs, outputs, stride=first, relu=convolutions > 1)]
        layers += [ConvNorm(outputs, outputs, relu=False) for _ in range(convolutions - 1)]
        self.layers = nn.Sequential(*layers)
        self.stride = stride
        self.zoomed = zoomed

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        if not self.zoomed:
            y: Tensor = self.layers(x)
            return y.relu()
        size = (-(-x.shape[-2] // 2), -(-x.shape[-1] // 2))
        small: Tensor = self.layers(F.interpolate(x, size, mode="bilinear", align_corners=True))
        return small.relu() if self.stride == 2 else resize(small, x, align_corners=True).relu()


@encoders.register(paper="arXiv:1912.10917")
class FasterSeg(Encoder):
    """The student's two branches.

    Args:
        output_stride: 32; there is no other form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("fasterseg", output_stride, (32,))
        self.stem = nn.Sequential(ConvNorm(3, 32, stride=2), Step(32, 64, stride=2), Step(64, 64, stride=2))
        self.shared = nn.Sequential(Step(64, 32), Step(32, 32), Step(32, 32, zoomed=True))
        self.b8 = nn.Sequential(Step(32, 32, zoomed=True), Step(32, 32))
        self.b16 = nn.Sequential(
            Step(32, 64, stride=2),
            Step(64, 64, zoomed=True),
            Step(64, 192, zoomed=True),
            Step(192, 128, zoomed=True),
        )
        self.a16 = nn.Sequential(
            Step(32, 128, 1, stride=2, zoomed=True),
            Step(128, 64, zoomed=True),
            Step(64, 64, zoomed=True),
            Step(64, 64, zoomed=True),
        )
        self.a32 = nn.Sequential(
            Step(64, 128, stride=2, zoomed=True), Step(128, 128, zoomed=True), Step(128, 256, zoomed=True)
        )
        self.gives = (
            Feature("shared", 32, 8),
            Feature("b8", 32, 8),
            Feature("b16", 128, 16),
            Feature("a16", 64, 16),
            Feature("a32", 256, 32),
        )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """What both share, branch B, branch A."""
        shared = self.shared(self.stem(image))
        yield "shared", shared
        x = self.b8(shared)
        yield "b8", x
        yield "b16", self.b16(x)
        x = self.a16(shared)
        yield "a16", x
        yield "a32", self.a32(x)
