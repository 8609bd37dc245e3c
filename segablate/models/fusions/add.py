"""Add: fine and coarse count the same everywhere. What is left of UAFM without its attention."""

from __future__ import annotations

from torch import Tensor

from segablate.models.fusions.base import Blend, fusions


@fusions.register()
class Add(Blend):
    """Sum of fine and coarse features.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
    """

    def __init__(self, fine: int, coarse: int, out: int, /) -> None:
        super().__init__(fine, coarse, out)

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """The sum."""
        return fine + coarse
