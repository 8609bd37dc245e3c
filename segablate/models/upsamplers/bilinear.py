"""Bilinear: a pixel's scores are those of the four nearest cells, weighted by how near they are.

What FCN, DeepLab and PP-LiteSeg end with. DeepLab aligns the corners, PP-LiteSeg does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor
from torch.nn import functional as F

from segablate.labels import restore
from segablate.labels.quantised import Shares
from segablate.labels.restore import Restorer
from segablate.labels.subspace import Subspace as Fitted
from segablate.models.labelling.ways import enlarged
from segablate.models.upsamplers.base import ShortCode, Size, Upsampler, upsamplers


@upsamplers.register()
class Bilinear(Upsampler):
    """Interpolate class scores linearly in both directions.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        align_corners: the outermost cells' centres lie on the outermost pixels' centres, not half a cell
            further in.
        fit: `crop` enlarges by the stride exactly and cuts off what stands out, so that all images share one
            grid; `stretch` enlarges to the size asked for, as toolkits do. They differ only where the stride
            does not divide the size.
    """

    def __init__(
        self,
        classes: int,
        stride: int,
        /,
        *,
        align_corners: bool = False,
        fit: Literal["crop", "stretch"] = "crop",
    ) -> None:
        super().__init__(classes, stride)
        self.align_corners = align_corners
        self.fit = fit

    @classmethod
    def on_grid(cls, settings: Mapping[str, Any]) -> bool:
        """Unless it stretches."""
        return bool(settings["fit"] == "crop")

    @classmethod
    def restorer(
        cls, classes: int, stride: int, settings: Mapping[str, Any], fitted: Fitted | None
    ) -> Restorer | None:
        """The cells' averages, interpolated, on the grid that `crop` shares."""
        if not cls.on_grid(settings):
            return None
        return restore.Bilinear(stride, classes, settings["align_corners"])

    @classmethod
    def short_code(cls, settings: Mapping[str, Any], bits: int) -> ShortCode | None:
        """The cells' averages, rounded."""
        aligned = bool(settings["align_corners"])
        return lambda sample, _, seed: Shares.fitted(sample, aligned, 1 << bits)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, h·stride, w·stride)."""
        height, width = code.shape[-2:]
        return self._to(code, (height * self.stride, width * self.stride))

    def forward(self, code: Tensor, size: Size) -> Tensor:
        """(batch, classes, h, w) → (batch, classes, height, width)."""
        return self._to(code, size) if self.fit == "stretch" else super().forward(code, size)

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """See `Upsampler`: one kernel on CUDA, and on a CPU a few rows at a time."""
        height, width = code.shape[-2:]
        whole = size if self.fit == "stretch" else (height * self.stride, width * self.stride)
        label = enlarged(code, whole, size, align_corners=self.align_corners)
        return super().labels(code, size) if label is None else label

    def _to(self, code: Tensor, size: Size) -> Tensor:
        return F.interpolate(code, size, mode="bilinear", align_corners=self.align_corners)
