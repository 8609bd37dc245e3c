"""The decoder of a non-linear auto-encoder of label patches: what DUpsampling is compared with.

        code ── 1×1 conv ── ReLU ── 1×1 conv ── lay out as patches ──► scores
        channels      hidden      stride²·classes     classes at full size

Tian et al., arXiv:1903.02120, section 3.1: it restores labels better than the linear map and hardly
changes the final accuracy. The paper does not tell its layers; one hidden layer is
the least that is not linear.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.labelling.patches import labels_of
from segablate.models.labelling.plain import traced
from segablate.models.upsamplers.base import Size, Upsampler, depth_to_space, upsamplers


@upsamplers.register("autoencoder", paper="arXiv:1903.02120")
class AutoEncoderDecoder(Upsampler):
    """Restore label patches by a small network of two layers.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        channels: width of the code.
        hidden: width of the hidden layer.
    """

    def __init__(self, classes: int, stride: int, /, *, channels: int = 64, hidden: int = 256) -> None:
        super().__init__(classes, stride)
        positive(channels=channels, hidden=hidden)
        self.expand = nn.Conv2d(channels, hidden, 1)
        self.project = nn.Conv2d(hidden, stride * stride * classes, 1)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        return depth_to_space(self.project(self.expand(code).relu()), self.stride)

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """See `Upsampler`: the arg max before the patches are laid out."""
        if traced(code):
            return super().labels(code, size)
        hidden = self.expand(code).relu()
        return labels_of(hidden, self.project.weight.flatten(1), self.project.bias, self.stride, size)
