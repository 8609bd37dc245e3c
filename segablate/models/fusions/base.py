"""What a fusion is: a fine feature from the encoder and a coarse one from below become one fine feature.

        fine ── 3×3 conv ──────────┐
                                   ├─► blend ── 3×3 conv ──► out
        coarse ── resize to fine ──┘

The first convolution gives the fine feature the coarse one's channels; only `blend` differs between fusions.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.layers import ConvNorm, resize
from segablate.registry import Registry

fusions = Registry("fusion", "segablate.models.fusions")


class Fusion(nn.Module):
    """Base of all fusions.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        blended: channels `blend` gives; none given: as many as the coarse input has.

    Raises:
        SegablateError: no channels.
    """

    def __init__(self, fine: int, coarse: int, out: int, blended: int | None = None) -> None:
        super().__init__()
        positive(channels=min(fine, coarse, out))
        self.match = ConvNorm(fine, coarse)
        self.merge = ConvNorm(coarse if blended is None else blended, out)

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, coarse, h, w) → (batch, blended, h, w)."""
        raise NotImplementedError

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        fine = self.match(fine)
        merged: Tensor = self.merge(self.blend(fine, resize(coarse, fine)))
        return merged
