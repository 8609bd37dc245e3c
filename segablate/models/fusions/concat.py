"""Concat: fine and coarse side by side, and the convolution that follows decides."""

from __future__ import annotations

import torch
from torch import Tensor

from segablate.models.fusions.base import Blend, fusions


@fusions.register()
class Concat(Blend):
    """Concatenation of fine and coarse features.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out, blended=2 * coarse)

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Both, the fine one first."""
        return torch.cat([fine, coarse], dim=1)
