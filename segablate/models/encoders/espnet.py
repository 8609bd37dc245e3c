"""ESPNet: a unit is narrowed, seen at five dilations at once, and their sums are laid side by side.

        image ── 3×3/2 ── cat with the image at 1/2: x2 ── down, 2 units ── cat with that and the image: x4
              ── down, 8 units ── cat with that: x8

        unit:  x ── 1×1 ── 3×3 of dilation 1, 2, 4, 8, 16 ── running sums from 2 on ── cat ──► + ──►

Mehta et al., ESPNet, ECCV 2018, arXiv:1803.06815.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.encoders.base import Encoder, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvPReLU, NormPReLU, convolution

EPS = 1e-3
DILATIONS = (1, 2, 4, 8, 16)


class Spatial(nn.Module):
    """ESP: an efficient spatial pyramid of dilated convolutions.

    Args:
        inputs: channels of the input.
        outputs: channels of the output; of fewer than five, as many dilations as channels.
        stride: stride of the narrowing convolution, which is 1×1 without.
        residual: add the input.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        inner = max(1, outputs // 5)
        first = max(1, outputs - 4 * inner)
        widths = (first, inner, inner, inner, inner)[:outputs]
        self.narrow = convolution(inputs, inner, 3 if stride > 1 else 1, stride=stride)
        self.branches = nn.ModuleList(
            convolution(inner, width, dilation=dilation)
            for width, dilation in zip(widths, DILATIONS, strict=False)
        )
        self.act = NormPReLU(outputs, eps=EPS)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        narrow = self.narrow(x)
        first, *others = (branch(narrow) for branch in self.branches)
        seen = [first]
        for number, branch in enumerate(others):
            seen.append(branch + seen[-1] if number else branch)
        merged = torch.cat(seen, dim=1)
        result: Tensor = self.act(merged + x if self.residual else merged)
        return result


@encoders.register(paper="arXiv:1803.06815")
class ESPNet(Encoder):
    """ESPNet-C, the encoder.

    Args:
        output_stride: 8; there is no other form.
        fine: units at 1/4, p.
        deep: units at 1/8, q.
    """

    def __init__(self, output_stride: int, /, *, fine: int = 2, deep: int = 8) -> None:
        super().__init__("espnet", output_stride, (8,))
        positive(fine=fine, deep=deep)
        self.first = ConvPReLU(3, 16, stride=2, eps=EPS)
        self.act2 = NormPReLU(19, eps=EPS)
        self.down4 = Spatial(19, 64, stride=2, residual=False)
        self.fine = nn.Sequential(*(Spatial(64, 64) for _ in range(fine)))
        self.act4 = NormPReLU(131, eps=EPS)
        self.down8 = Spatial(131, 128, stride=2, residual=False)
        self.deep = nn.Sequential(*(Spatial(128, 128) for _ in range(deep)))
        self.act8 = NormPReLU(256, eps=EPS)
        self.gives = (Feature("x2", 19, 2), Feature("x4", 131, 4), Feature("x8", 256, 8))

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The three levels; the image itself, made smaller, is a part of the first two."""
        small = F.avg_pool2d(image, 3, 2, 1)
        x = self.act2(torch.cat([self.first(image), small], dim=1))
        yield "x2", x
        down = self.down4(x)
        x = self.act4(torch.cat([self.fine(down), down, F.avg_pool2d(small, 3, 2, 1)], dim=1))
        yield "x4", x
        down = self.down8(x)
        yield "x8", self.act8(torch.cat([down, self.deep(down)], dim=1))
