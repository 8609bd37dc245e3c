"""DySample: a pixel is read, bilinearly, where a learned offset from its place points.

        code ──┬── (1×1 conv) ─────────────────────── scores of the cells ──┐
               └── 1×1 conv ── × ¼ ── + place ── a point for each pixel ── read ──► scores

Liu et al., Learning to Upsample by Learning to Sample, ICCV 2023, arXiv:2308.15085. It starts as bilinear
interpolation, but for offsets of a thousandth of a cell. The paper's groups are of feature channels; here
they are of classes.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.layers import convolution
from segablate.models.upsamplers.base import Upsampler, upsamplers

STATIC_SCOPE = 0.25
DYNAMIC_SCOPE = 0.5


@upsamplers.register(paper="arXiv:2308.15085")
class DySample(Upsampler):
    """Read each pixel's scores where a learned offset points.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        channels: width of the code; none given: one channel per class, and there is no 1×1 convolution.
        style: the offsets of a cell's pixels come of its code (`lp`), or those of a pixel of its share of the
            code after a pixel shuffle (`pl`), which needs a code of a multiple of stride² channels.
        groups: classes of one group share their points; the largest number of groups that divides this and
            the number of classes.
        dynamic_scope: the code tells how far an offset may reach, up to half a cell and at first a quarter.

    Raises:
        SegablateError: no channels or groups, or a code that cannot be shuffled.
    """

    def __init__(
        self,
        classes: int,
        stride: int,
        /,
        *,
        channels: int | None = None,
        style: Literal["lp", "pl"] = "lp",
        groups: int = 4,
        dynamic_scope: bool = False,
    ) -> None:
        super().__init__(classes, stride)
        channels = classes if channels is None else channels
        positive(channels=channels, groups=groups)
        self.groups = math.gcd(groups, classes)
        self.shuffle_first = style == "pl"
        inputs, outputs = channels, 2 * self.groups * stride * stride
        if self.shuffle_first:
            if channels % (stride * stride):
                raise SegablateError(
                    f"a code of {channels} channels cannot be shuffled to {stride} times its size",
                    hint=f"take a multiple of {stride * stride} as `channels`, or `style: lp`",
                    field="channels",
                )
            inputs, outputs = channels // (stride * stride), 2 * self.groups
        self.score = nn.Identity() if channels == classes else convolution(channels, classes, 1, bias=True)
        self.offset = convolution(inputs, outputs, 1, bias=True)
        nn.init.normal_(self.offset.weight, std=0.001)
        self.scope = convolution(inputs, outputs, 1) if dynamic_scope else None
        if self.scope is not None:
            nn.init.zeros_(self.scope.weight)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        batch, (rows, columns) = len(code), code.shape[-2:]
        height, width = rows * self.stride, columns * self.stride
        moved = self._offsets(code).reshape(batch * self.groups, 2, height, width)
        # of a map of n cells, whose corners are not aligned, cell i lies at (2i + 1) / n − 1
        right = self._places(columns, code) + 2 * moved[:, 0] / columns
        down = self._places(rows, code)[:, None] + 2 * moved[:, 1] / rows
        cells = self.score(code).reshape(batch * self.groups, self.classes // self.groups, rows, columns)
        at = torch.stack([right, down], dim=-1)
        read = F.grid_sample(cells, at, "bilinear", "border", align_corners=False)
        return read.reshape(batch, self.classes, height, width)

    def _offsets(self, code: Tensor) -> Tensor:
        """In cells, (batch, 2·groups, h·stride, w·stride)."""
        seen = F.pixel_shuffle(code, self.stride) if self.shuffle_first else code
        offset = self.offset(seen)
        if self.scope is None:
            offset = offset * STATIC_SCOPE
        else:
            offset = offset * (self.scope(seen).sigmoid() * DYNAMIC_SCOPE)
        return offset if self.shuffle_first else F.pixel_shuffle(offset, self.stride)

    def _places(self, cells: int, like: Tensor) -> Tensor:
        """Where bilinear interpolation reads, in a map from −1 to 1."""
        pixels = cells * self.stride
        return (2 * torch.arange(pixels, dtype=like.dtype, device=like.device) + 1) / pixels - 1
