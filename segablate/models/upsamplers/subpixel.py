"""Sub-pixel convolution (DUC): an ordinary convolution computes the scores of a cell's every pixel.

        code ── k×k conv ── pixel shuffle ──► scores
        channels    classes·stride²    classes at full size

Wang et al., Understanding Convolution for Semantic Segmentation, WACV 2018, arXiv:1702.08502.
With a 1×1 kernel it is DUpsampling with tuned random weights: the control that paper does not have.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.labelling import patches
from segablate.models.labelling.plain import traced
from segablate.models.upsamplers.base import Size, Upsampler, upsamplers


@upsamplers.register(paper="arXiv:1702.08502")
class SubPixel(Upsampler):
    """Learn a patch's scores from the code by one convolution.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        channels: width of the code.
        kernel: size of the convolution, an odd number.

    Raises:
        SegablateError: an even kernel, or no channels.
    """

    def __init__(self, classes: int, stride: int, /, *, channels: int = 64, kernel: int = 1) -> None:
        super().__init__(classes, stride)
        positive(channels=channels, kernel=kernel)
        if kernel % 2 == 0:
            raise SegablateError(f"`kernel` is {kernel}, but must be odd to have a middle", field="kernel")
        self.project = nn.Conv2d(channels, classes * stride * stride, kernel, padding=kernel // 2)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        return F.pixel_shuffle(self.project(code), self.stride)

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """See `Upsampler`: the arg max before the shuffle, of which bytes are then the subject."""
        if traced(code):
            return super().labels(code, size)
        return patches.labels(self.project(code), self.stride, size, class_first=True)
