"""FADE: both features tell the weights of CARAFE, and a gate how much of the fine one is kept.

        fine ─ 1×1 conv ─ 3×3 conv ─┐
                                    + ── softmax over 25 ──► weights ─┐
        coarse ─ 1×1 ─ 3×3, same ───┤                                 × ──► × (1−g) ─┐
               │                    └─ at the fine size               │              + ── 3×3 conv ──► out
               ├──────────────────────────────────────────────────────┘              │
               └─ 1×1 conv ── σ ── nearest ──► g        fine ── 1×1 conv ──► × g ────┘

Lu et al., FADE, ECCV 2022, arXiv:2207.10392. The paper's features have the same channels; a 1×1 convolution
brings the fine one to the coarse one's where they differ.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm, convolution
from segablate.models.reassembly import CELLS, by_cell, reassemble

INNER = 64


class GatedUpsampling(nn.Module):
    """FADE's upsampler.

    Args:
        channels: channels of both features and of the result.
        ratio: how many times as fine the fine feature is.
    """

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        self.gate = convolution(channels, 1, 1, bias=True)
        self.of_coarse = convolution(channels, INNER, 1)
        self.of_fine = convolution(channels, INNER, 1, bias=True)
        self.weigh = convolution(INNER, CELLS, bias=True)
        self.ratio = ratio

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, channels, h, w) and (batch, channels, ⌈h/ratio⌉, ⌈w/ratio⌉) → (batch, channels, h, w)."""
        near, gate = (self._nearest(x, fine) for x in (self.of_coarse(coarse), self.gate(coarse)))
        logits = self.weigh(self.of_fine(fine)) + self.weigh(near)
        weights = by_cell(logits.softmax(dim=1), self.ratio, *coarse.shape[-2:])
        enlarged = reassemble(coarse, weights, self.ratio)[..., : fine.shape[-2], : fine.shape[-1]]
        share = gate.sigmoid()
        return share * fine + (1 - share) * enlarged

    def _nearest(self, x: Tensor, like: Tensor) -> Tensor:
        enlarged = F.interpolate(x, scale_factor=float(self.ratio), mode="nearest")
        return enlarged[..., : like.shape[-2], : like.shape[-1]]


@fusions.register(paper="arXiv:2207.10392")
class FADE(Fusion):
    """FADE's upsampling of the coarse feature, gated with the fine one.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        ratio: how many times as fine the fine input is.
    """

    def __init__(self, fine: int, coarse: int, out: int, ratio: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.match = nn.Identity() if fine == coarse else ConvNorm(fine, coarse, 1)
        self.enlarge = GatedUpsampling(coarse, ratio)
        self.merge = ConvNorm(coarse, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        merged: Tensor = self.merge(self.enlarge(self.match(fine), coarse))
        return merged
