"""ICNet's three branches: the whole image in a few layers, half of it in more, a quarter in all.

        image ──────────── 3 strided convolutions ───────────────────────────► x4, x8
          └─ half ── PSPNet-50's first two blocks, half as wide ──► x16
                                                └─ half ── its other blocks ──► x32

Zhao et al., ICNet, ECCV 2018, arXiv:1704.08545. The deep branch's last two blocks are dilated by 2 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Encoder, encoders
from segablate.models.encoders.resnet import Bottleneck
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm


def halved(x: Tensor) -> Tensor:
    """(batch, channels, h, w) → (batch, channels, ⌈h/2⌉, ⌈w/2⌉), corners aligned."""
    size = (-(-x.shape[-2] // 2), -(-x.shape[-1] // 2))
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class Units(nn.Module):
    """Bottlenecks one after another.

    Args:
        inputs: channels of the input.
        width: channels inside; the output has four times as many.
        depth: number of units.
        stride: stride of the first.
        dilation: dilation of all.
    """

    def __init__(self, inputs: int, width: int, depth: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        first = Bottleneck(inputs, width, stride, dilation)
        # as in the first ResNets, the stride is in the 1×1 convolution
        first.conv1.stride, first.conv2.stride = first.conv2.stride, first.conv1.stride
        rest = (Bottleneck(4 * width, width, 1, dilation) for _ in range(depth - 1))
        self.units = nn.ModuleList([first, *rest])

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, 4·width, ⌈h/stride⌉, ⌈w/stride⌉)."""
        for unit in self.units:
            x = unit(x)[0].relu()
        return x


@encoders.register(paper="arXiv:1704.08545")
class ICNet(Encoder):
    """ICNet's branches for detail, for a half and for a quarter of the size.

    Args:
        output_stride: 32; there is no dilated form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("icnet", output_stride, (32,))
        self.detail = nn.ModuleList(
            [ConvNorm(3, 32, stride=2), ConvNorm(32, 32, stride=2), ConvNorm(32, 64, stride=2)]
        )
        self.middle = nn.Sequential(
            ConvNorm(3, 32, stride=2),
            ConvNorm(32, 32),
            ConvNorm(32, 64),
            nn.MaxPool2d(3, 2, 1),
            Units(64, 32, 3),
            Units(128, 64, 1, stride=2),
        )
        self.deep = nn.Sequential(
            Units(256, 64, 3), Units(256, 128, 6, dilation=2), Units(512, 256, 3, dilation=4)
        )
        self.gives = (
            Feature("x2", 32, 2),
            Feature("x4", 32, 4),
            Feature("x8", 64, 8),
            Feature("x16", 256, 16),
            Feature("x32", 1024, 32),
        )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The branch for detail, and the two others."""
        detail: Sequence[nn.Module] = list(self.detail)
        x = image
        for name, conv in zip(("x2", "x4", "x8"), detail, strict=True):
            x = conv(x)
            yield name, x
        x = self.middle(halved(image))
        yield "x16", x
        yield "x32", self.deep(halved(x))
