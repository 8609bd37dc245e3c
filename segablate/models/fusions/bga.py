"""BGA: each branch is gated by the other, once at the fine size and once at the coarse one.

        fine ──┬─ depth-wise 3×3 ── 1×1 conv ───────────── × ─────────────────────┐
               │                        σ(3×3 conv ── resize to fine) ─┘          + ── 3×3 conv ──► out
               └─ 3×3/2 … to coarse ─────────────────────── × ── resize to fine ──┘
        coarse ── depth-wise 3×3 ── 1×1 conv ── σ ──────────┘

Yu et al., BiSeNetV2, IJCV 2021, arXiv:2004.02147, Sec. 4.3, where one branch is four times as fine as the
other. The fine branch is brought down by a strided convolution and, beyond a factor of 2, average pools.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm, convolution, resize


@fusions.register(paper="arXiv:2004.02147")
class BGA(Fusion):
    """BiSeNetV2's bilateral guided aggregation.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        ratio: how many times as fine the fine input is, a power of two.

    Raises:
        SegablateError: no channels, or a ratio that is no power of two.
    """

    def __init__(self, fine: int, coarse: int, out: int, ratio: int, /) -> None:
        super().__init__(fine, coarse, out)
        halvings = ratio.bit_length() - 1
        if ratio < 1 or ratio != 1 << halvings:
            raise SegablateError(f"fusion `bga` halves the fine feature, which is {ratio} times as fine")
        self.pools = max(0, halvings - 1)
        self.fine = _depthwise(fine, out)
        self.fine_down = ConvNorm(fine, out, stride=min(ratio, 2), relu=False)
        self.coarse_up = ConvNorm(coarse, out, relu=False)
        self.coarse = _depthwise(coarse, out)
        self.merge = ConvNorm(out, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, ⌈h/ratio⌉, ⌈w/ratio⌉) → (batch, out, h, w)."""
        down: Tensor = self.fine_down(fine)
        for _ in range(self.pools):
            down = F.avg_pool2d(down, 3, 2, 1)
        at_fine = self.fine(fine) * resize(self.coarse_up(coarse), fine).sigmoid()
        at_coarse = down * self.coarse(coarse).sigmoid()
        merged: Tensor = self.merge(at_fine + resize(at_coarse, fine))
        return merged


def _depthwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(ConvNorm(inputs, inputs, groups=inputs, relu=False), convolution(inputs, outputs, 1))
