"""CARAFE: each pixel is a mean of the 5×5 cells around its own, with weights that the code tells.

        code ──┬── (1×1 conv) ──────────────────────────────── scores of the cells ──┐
               └── 1×1 conv ── 3×3 conv ── softmax over 25 ── weights of each pixel ─ × ──► scores

Wang et al., ICCV 2019, arXiv:1905.02188. It enlarges features there; here the features are classified first.
A mean of scores is the score of the mean, so that it makes no difference but at the border of the map, beyond
which there are zeros.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.layers import convolution
from segablate.models.reassembly import CELLS, reassemble
from segablate.models.upsamplers.base import Upsampler, upsamplers


@upsamplers.register(paper="arXiv:1905.02188")
class Carafe(Upsampler):
    """Reassemble the scores of 5×5 cells with weights predicted for every pixel.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        channels: width of the code; none given: one channel per class, and there is no 1×1 convolution.
        inner: width of what the weights are predicted from.
    """

    def __init__(self, classes: int, stride: int, /, *, channels: int | None = None, inner: int = 64) -> None:
        super().__init__(classes, stride)
        channels = classes if channels is None else channels
        positive(channels=channels, inner=inner)
        self.score = nn.Identity() if channels == classes else convolution(channels, classes, 1, bias=True)
        self.narrow = convolution(channels, inner, 1, bias=True)
        self.weigh = convolution(inner, CELLS * stride * stride, bias=True)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        logits = self.weigh(self.narrow(code)).unflatten(1, (CELLS, self.stride**2))
        weights = logits.softmax(dim=1).flatten(3).permute(0, 3, 1, 2)
        return reassemble(self.score(code), weights, self.stride)
