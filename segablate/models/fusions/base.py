"""What a fusion is: a fine feature from the encoder and a coarse one from below become one fine feature.

Most blend two features of one shape, and differ in the blending only:

        fine ── 3×3 conv ──────────┐
                                   ├─► blend ── 3×3 conv ──► out
        coarse ── resize to fine ──┘

The first convolution gives the fine feature the coarse one's channels.
"""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from segablate.errors import context
from segablate.models.check import positive
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, resize
from segablate.registry import Registry

fusions = Registry("fusion", "segablate.models.fusions")


class Fusion(nn.Module):
    """Base of all fusions.

    A fusion that must know how much finer the fine input is takes a further ingredient, `ratio`.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.

    Raises:
        SegablateError: no channels.
    """

    def __init__(self, fine: int, coarse: int, out: int) -> None:
        super().__init__()
        positive(channels=min(fine, coarse, out))

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        raise NotImplementedError


def fusion_of(spec: str | dict[str, Any], fine: Feature, coarse: Feature, out: int) -> Fusion:
    """The fusion that a decoder's setting `fusion` tells, for two features.

    Args:
        spec: the setting.
        fine: the encoder's feature.
        coarse: what comes from below.
        out: channels of the result.

    Raises:
        SegablateError: there is no such fusion, or it does not fit.
    """
    ingredients = {
        "fine": fine.channels,
        "coarse": coarse.channels,
        "out": out,
        "ratio": coarse.stride // fine.stride,
    }
    with context(field="fusion"):
        part, settings = fusions.resolve(spec)
        made: Fusion = part.build(ingredients, settings)
    return made


class Blend(Fusion):
    """A fusion of two features that have been brought to one shape.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        blended: channels `blend` gives; none given: as many as the coarse input has.

    Attributes:
        align_corners: how the coarse input is enlarged.
    """

    align_corners: ClassVar[bool] = False

    def __init__(self, fine: int, coarse: int, out: int, blended: int | None = None) -> None:
        super().__init__(fine, coarse, out)
        self.match = ConvNorm(fine, coarse)
        self.merge = ConvNorm(coarse if blended is None else blended, out)

    def blend(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Two times (batch, coarse, h, w) → (batch, blended, h, w)."""
        raise NotImplementedError

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        fine = self.match(fine)
        enlarged = resize(coarse, fine, align_corners=self.align_corners)
        merged: Tensor = self.merge(self.blend(fine, enlarged))
        return merged
