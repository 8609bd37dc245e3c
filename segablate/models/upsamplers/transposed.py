"""Transposed convolution: every cell paints its own patch, and patches overlap by half.

Long et al., Fully Convolutional Networks, CVPR 2015, arXiv:1411.4038: kernel twice the stride, which starts
as bilinear interpolation where the code has a channel per class.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.upsamplers.base import Upsampler, upsamplers
from segablate.wire import Neutral


@upsamplers.register(paper="arXiv:1411.4038")
class Transposed(Upsampler):
    """Enlarge by one learned transposed convolution.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        channels: width of the code; none given: one channel per class.
        overlap: the kernel is twice the stride; else patches lie side by side.
        bias: whether the convolution has one.
    """

    def __init__(
        self,
        classes: int,
        stride: int,
        /,
        *,
        channels: int | None = None,
        overlap: Annotated[bool, Neutral(True)] = True,
        bias: Annotated[bool, Neutral(False)] = False,
    ) -> None:
        super().__init__(classes, stride)
        channels = classes if channels is None else channels
        positive(channels=channels)
        kernel = 2 * stride - stride % 2 if overlap else stride
        # (kernel − stride) is even, so that the result is h·stride with nothing left over
        self.paint = nn.ConvTranspose2d(channels, classes, kernel, stride, (kernel - stride) // 2, bias=bias)
        if channels == classes and overlap:
            self._start_bilinear(kernel)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        painted: Tensor = self.paint(code)
        return painted

    @torch.no_grad()
    def _start_bilinear(self, kernel: int) -> None:
        at = torch.arange(kernel) + 0.5
        line = 1 - (at - kernel / 2).abs() / self.stride
        bump = line[:, None] * line
        self.paint.weight.copy_(torch.eye(self.classes)[:, :, None, None] * bump)
