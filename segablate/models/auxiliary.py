"""Auxiliary heads: in training, features on the way are asked for the answer too.

        feature ── (3×3 conv) ── 1×1 conv ── bilinear to size ──► scores

They are no part of the network that answers: `Segmenter.forward` never calls them.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, convolution
from segablate.registry import Part
from segablate.wire import Neutral


class AuxiliaryHead(nn.Module):
    """Scores from one feature.

    Args:
        feature: what it looks at.
        classes: number of classes.
        on: the feature's name.
        channels: width of the 3×3 convolution; none given: there is none.
        outputs: number of scores a pixel; none given: one a class. A detail head has 1.
        align_corners: how the scores are brought to size.
        bias: whether the convolutions have one.
    """

    def __init__(
        self,
        feature: Feature,
        classes: int,
        /,
        *,
        on: str,
        channels: int | None = 64,
        outputs: int | None = None,
        align_corners: bool = False,
        bias: Annotated[bool, Neutral(False)] = False,
    ) -> None:
        super().__init__()
        outputs = classes if outputs is None else outputs
        width = feature.channels if channels is None else channels
        positive(channels=width, outputs=outputs)
        self.on = on
        self.align_corners = align_corners
        self.middle: nn.Module = nn.Identity()
        if channels is not None:
            self.middle = ConvNorm(feature.channels, width, bias=bias)
        self.classify = convolution(width, outputs, 1, bias=bias)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(batch, feature, h, w) → (batch, outputs, height, width)."""
        scores = self.classify(self.middle(x))
        return F.interpolate(scores, size, mode="bilinear", align_corners=self.align_corners)


auxiliary_head = Part("auxiliary head", "auxiliary", AuxiliaryHead, 1, "")
