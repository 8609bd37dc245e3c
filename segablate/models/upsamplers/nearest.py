"""Nearest: every pixel of a cell gets the cell's scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor
from torch.nn import functional as F

from segablate.labels import restore
from segablate.labels.restore import Restorer
from segablate.labels.subspace import Subspace as Fitted
from segablate.models.labelling.plain import best, label_type
from segablate.models.upsamplers.base import Size, Upsampler, crop, upsamplers


@upsamplers.register()
class Nearest(Upsampler):
    """Repeat each cell's class scores stride times in both directions.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        fit: `crop` enlarges by the stride exactly and cuts off what stands out; `stretch` enlarges to the
            size asked for, whatever the scale.
    """

    overlaps = False

    def __init__(self, classes: int, stride: int, /, *, fit: Literal["crop", "stretch"] = "crop") -> None:
        super().__init__(classes, stride)
        self.fit = fit

    @classmethod
    def on_grid(cls, settings: Mapping[str, Any]) -> bool:
        """Unless it stretches."""
        return bool(settings["fit"] == "crop")

    @classmethod
    def restorer(
        cls, classes: int, stride: int, settings: Mapping[str, Any], fitted: Fitted | None
    ) -> Restorer | None:
        """The most frequent class of each cell, on the grid that `crop` shares."""
        return restore.Nearest(stride, classes) if cls.on_grid(settings) else None

    def restore(self, code: Tensor) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, h·stride, w·stride)."""
        return F.interpolate(code, scale_factor=float(self.stride), mode="nearest")

    def forward(self, code: Tensor, size: Size) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, height, width)."""
        if self.fit == "stretch":
            return F.interpolate(code, size, mode="nearest")
        return super().forward(code, size)

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """See `Upsampler`: the arg max of the cells, repeated."""
        # torch repeats numbers of 32 bits on every device, but bytes not on all
        label = best(code).float()[:, None]
        stretched = self.fit == "stretch"
        whole = F.interpolate(label, size, mode="nearest") if stretched else self.restore(label)
        return crop(whole[:, 0], size).to(label_type(self.classes)).contiguous()
