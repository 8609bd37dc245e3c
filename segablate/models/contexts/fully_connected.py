"""Fully connected layers of a classifier, run over the whole feature as convolutions.

        x ── 7×7 conv ── ReLU ── 1×1 conv ── ReLU ──► out

Long et al., Fully Convolutional Networks, CVPR 2015, arXiv:1411.4038. The first is padded, so that the size
stays; the released code pads the image by 100 pixels instead.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import convolution


@contexts.register("fully-connected", paper="arXiv:1411.4038")
class FullyConnected(Context):
    """Two wide convolutions with dropout.

    Args:
        feature: the encoder's last feature.
        channels: channels of both and of the result.
        kernel: size of the first, an odd number.
        dropout: share of numbers that training leaves out after each.
    """

    def __init__(
        self, feature: Feature, /, *, channels: int = 4096, kernel: int = 7, dropout: float = 0.5
    ) -> None:
        super().__init__(feature, channels)
        positive(kernel=kernel)
        if kernel % 2 == 0:
            raise SegablateError(f"`kernel` is {kernel}, but must be odd to have a middle", field="kernel")
        self.layers = nn.Sequential(
            *(convolution(feature.channels, channels, kernel, bias=True), nn.ReLU(), nn.Dropout(dropout)),
            *(convolution(channels, channels, 1, bias=True), nn.ReLU(), nn.Dropout(dropout)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        y: Tensor = self.layers(x)
        return y
