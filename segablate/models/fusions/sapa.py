"""SAPA: a fine pixel is a mean of the 5×5 coarse cells around its own, weighed by how like it they are.

        fine ─── norm ── linear ── query ──┐
                                           · ── softmax over 25 ──► weights ─┐
        coarse ─ norm ── linear ── key ────┘                                 × ──► + ── 3×3 conv ──► out
               └─────────────────────────────────────────────────────────────┘     ▲
        fine ── 1×1 conv ──────────────────────────────────────────────────────────┘

Lu et al., SAPA, NeurIPS 2022, arXiv:2209.12866: SAPA-B. It enlarges the coarse feature; what is added to it
is what a feature pyramid adds.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.models.fusions.base import Fusion, fusions
from segablate.models.layers import ConvNorm
from segablate.models.reassembly import by_cell, neighbours, reassemble

INNER = 64


class Projection(nn.Module):
    """Layer norm and a linear map of every cell.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(inputs)
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        y: Tensor = self.linear(self.norm(x.permute(0, 2, 3, 1)))
        return y.permute(0, 3, 1, 2)


class SimilarityUpsampling(nn.Module):
    """SAPA's upsampler.

    Args:
        fine: channels of the fine feature.
        coarse: channels of the coarse feature and of the result.
        ratio: how many times as fine the fine feature is.
    """

    def __init__(self, fine: int, coarse: int, ratio: int) -> None:
        super().__init__()
        self.query = Projection(fine, INNER)
        self.key = Projection(coarse, INNER)
        self.ratio = ratio

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, ⌈h/ratio⌉, ⌈w/ratio⌉) → (batch, coarse, h, w)."""
        height, width = fine.shape[-2:]
        query = by_cell(self.query(fine), self.ratio, *coarse.shape[-2:])
        likeness = neighbours(self.key(coarse)).transpose(2, 3) @ query
        return reassemble(coarse, likeness.softmax(dim=2), self.ratio)[..., :height, :width]


@fusions.register(paper="arXiv:2209.12866")
class SAPA(Fusion):
    """SAPA's upsampling of the coarse feature, guided by the fine one, which is then added.

    Args:
        fine: channels of the high-resolution input.
        coarse: channels of the low-resolution input.
        out: channels of the result.
        ratio: how many times as fine the fine input is.
    """

    def __init__(self, fine: int, coarse: int, out: int, ratio: int, /) -> None:
        super().__init__(fine, coarse, out)
        self.enlarge = SimilarityUpsampling(fine, coarse, ratio)
        self.lateral = ConvNorm(fine, coarse, 1)
        self.merge = ConvNorm(coarse, out)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, low h, low w) → (batch, out, h, w)."""
        merged: Tensor = self.merge(self.enlarge(fine, coarse) + self.lateral(fine))
        return merged
