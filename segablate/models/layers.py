"""Layers that every part is made of."""

from __future__ import annotations

import torch
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
        pooled: it is given the means of few large cells, so that its norm is a `PooledNorm`.
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
        pooled: bool = False,
    ) -> None:
        super().__init__()
        self.conv = convolution(
            inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups, bias=bias
        )
        self.bn = (PooledNorm if pooled else nn.BatchNorm2d)(outputs, eps=eps)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y: Tensor = self.bn(self.conv(x))
        return y.relu() if self.relu else y


class Refinement(nn.Module):
    """DFN's refinement residual block (arXiv:1804.09337).

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lateral = convolution(inputs, outputs, 1)
        self.residual = nn.Sequential(ConvNorm(outputs, outputs), convolution(outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        x = self.lateral(x)
        total: Tensor = x + self.residual(x)
        return total.relu()


class ConvPReLU(ConvNorm):
    """Convolution, batch norm and a PReLU with a slope for each channel.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel, odd.
        stride: stride of the convolution.
        groups: groups of the convolution.
        eps: added to the variance.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, relu=False, eps=eps)
        self.act = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        y: Tensor = self.act(super().forward(x))
        return y


class NormPReLU(nn.Sequential):
    """Batch norm and a PReLU with a slope for each channel.

    Args:
        channels: channels of input and output.
        eps: added to the variance.
    """

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__(nn.BatchNorm2d(channels, eps=eps), nn.PReLU(channels))


class PooledNorm(nn.BatchNorm2d):
    """The batch norm of a map of few cells, such as the mean of an image, which has one value an image.

    A batch of 8 then has 8 values a channel to take a variance of: each image is seen in the light of seven
    others, which are not there when it is scored. The papers' batches have 16 and 24 images. If `renormed`,
    training normalises with the statistics of many batches, as scoring does, while gradients still flow
    through those of its own batch: batch renormalisation, Ioffe, 2017, arXiv:1702.03275, with its final
    limits. At rest, and unless `renormed`, it is a batch norm.

    Attributes:
        renormed: set by whoever trains it.
    """

    renormed = False
    LARGEST_FACTOR = 3.0
    LARGEST_SHIFT = 5.0

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        if not (self.training and self.renormed):
            y: Tensor = super().forward(x)
            return y
        return self._renormalised(x.float()).to(x.dtype)

    def _renormalised(self, x: Tensor) -> Tensor:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        values = x.numel() // x.shape[1]
        if values == 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {x.size()}"
            )
        variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        with torch.no_grad():
            self.num_batches_tracked += 1
            # the mean of all batches while they are few: what it began with is no statistic
            share = (1.0 / self.num_batches_tracked).clamp(min=self.momentum)
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * values / (values - 1), share)
            spread = (self.running_var + self.eps).sqrt()
            own = (variance + self.eps).sqrt()
            limit = self.LARGEST_FACTOR
            factor = (own / spread).clamp(1 / limit, limit)
            shift = ((mean - self.running_mean) / spread).clamp(-self.LARGEST_SHIFT, self.LARGEST_SHIFT)
        own = (variance + self.eps).sqrt()
        scale, at = self.weight * factor / own, self.weight * shift + self.bias
        return (x - mean[:, None, None]) * scale[:, None, None] + at[:, None, None]


class NormConv(nn.Module):
    """Batch norm, ReLU and a convolution, in that order; the size stays.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: size of the kernel, odd.
        momentum: share of a batch in the running statistics.
        pooled: it is given the means of few large cells, so that its norm is a `PooledNorm`.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, momentum: float = 0.1, pooled: bool = False
    ) -> None:
        super().__init__()
        self.bn = (PooledNorm if pooled else nn.BatchNorm2d)(inputs, momentum=momentum)
        self.conv = convolution(inputs, outputs, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        y: Tensor = self.conv(self.bn(x).relu())
        return y


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


class Residual(nn.Module):
    """Two 3×3 convolutions and a shortcut, which is a 1×1 convolution where the shape changes.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        stride: stride of the first convolution.
        slope: of the activation between the two, below zero; a ReLU stands at the end.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, *, slope: float = 0.0) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, stride=stride, relu=False)
        self.second = ConvNorm(outputs, outputs, relu=False)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = ConvNorm(inputs, outputs, 1, stride=stride, relu=False)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        total: Tensor = self.second(F.leaky_relu(self.first(x), self.slope)) + self.shortcut(x)
        return total.relu()


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
