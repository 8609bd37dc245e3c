"""Layers that every part is made of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    """Convolution, batch norm and, unless told otherwise, ReLU; the size stays, or is divided by the stride.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel, odd.
        stride: stride of the convolution.
        dilation: dilation of the convolution.
        groups: groups of the convolution.
        bias: a bias in the convolution, which the batch norm makes superfluous but some checkpoints have.
        relu: end with a ReLU.
        eps: added to the variance.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = False,
        relu: bool = True,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.conv = convolution(
            inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups, bias=bias
        )
        self.bn = nn.BatchNorm2d(outputs, eps=eps)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y: Tensor = self.bn(self.conv(x))
        return y.relu() if self.relu else y


class Separable(nn.Sequential):
    """Depth-wise separable convolution: k×k within each channel, then 1×1 across channels.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the depth-wise kernel.
        stride: stride of the depth-wise convolution.
        dilation: dilation of the depth-wise convolution.
        relu: a ReLU after each of the two.
        eps: added to the variance.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        relu: bool = True,
        eps: float = 1e-5,
    ) -> None:
        depthwise = ConvNorm(
            inputs, inputs, kernel, stride=stride, dilation=dilation, groups=inputs, relu=relu, eps=eps
        )
        super().__init__(depthwise, ConvNorm(inputs, outputs, 1, relu=relu, eps=eps))


def convolution(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = False,
) -> nn.Conv2d:
    """A convolution that keeps the size or divides it by the stride, with He's initial weights."""
    padding = dilation * (kernel // 2)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias)
    if not conv.weight.is_meta:  # which has no numbers to draw, but takes a second to find out
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def resize(x: Tensor, like: Tensor, *, align_corners: bool = False) -> Tensor:
    """Bilinear to another feature's height and width; the same size is left as it is."""
    size = (like.shape[-2], like.shape[-1])
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=align_corners)
