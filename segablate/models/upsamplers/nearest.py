"""Nearest: every pixel of a cell gets the cell's scores."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from segablate.models.upsamplers.base import Size, Upsampler, upsamplers


@upsamplers.register()
class Nearest(Upsampler):
    """Repeat each cell's class scores stride times in both directions.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        fit: `crop` enlarges by the stride exactly and cuts off what stands out; `stretch` enlarges to the
            size asked for, whatever the scale.
    """

    def __init__(self, classes: int, stride: int, /, *, fit: Literal["crop", "stretch"] = "crop") -> None:
        super().__init__(classes, stride)
        self.fit = fit

    def restore(self, code: Tensor) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, h·stride, w·stride)."""
        return F.interpolate(code, scale_factor=float(self.stride), mode="nearest")

    def forward(self, code: Tensor, size: Size) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, height, width)."""
        if self.fit == "stretch":
            return F.interpolate(code, size, mode="nearest")
        return super().forward(code, size)
