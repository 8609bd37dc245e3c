"""ENet: the size is reduced early; bottlenecks take turns in being dilated, or split into a row and a column.

        image ─┬─ 3×3/2 ──┐
               └─ pool ── cat: x2 ── down, 4 units: x4 ── down, 8 units: x8s2 ── 8 units: x8

        unit:  x ── 1×1 ── 3×3, or dilated, or 1×5 and 5×1 ── 1×1 ──► + ── PReLU ──►

Paszke et al., ENet, 2016, arXiv:1606.02147, as the authors' Lua code has it: nothing follows the last
convolution of a unit but the sum.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import convolution

Kind: TypeAlias = Literal["plain", "asymmetric"] | int

EPS = 1e-3
# of stages 2 and 3; a number is a dilation
UNITS: tuple[Kind, ...] = ("plain", 2, "asymmetric", 4, "plain", 8, "asymmetric", 16)


def norm(channels: int) -> nn.BatchNorm2d:
    """ENet's batch norm."""
    return nn.BatchNorm2d(channels, eps=EPS)


class Unit(nn.Module):
    """A bottleneck; with `down` it halves the size, and its shortcut is a max-pool.

    Args:
        inputs: channels of the input.
        outputs: channels of the output, at least as many.
        kind: its middle: a 3×3 convolution, one with that dilation, or a 1×5 and a 5×1 one.
        dropout: share of channels that training leaves out.
        down: halve the size.
        learned: the activation is a PReLU, else a ReLU.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kind: Kind = "plain",
        *,
        dropout: float,
        down: bool = False,
        learned: bool = True,
    ) -> None:
        super().__init__()
        inner = max(1, outputs // 4)

        def activation(channels: int) -> nn.Module:
            return nn.PReLU(channels) if learned else nn.ReLU()

        self.down = down
        self.more = outputs - inputs
        narrow = nn.Conv2d(inputs, inner, 2, 2, bias=False) if down else convolution(inputs, inner, 1)
        self.main = nn.Sequential(
            *(narrow, norm(inner), activation(inner)),
            *(*_middle(inner, kind), norm(inner), activation(inner)),
            *(convolution(inner, outputs, 1), norm(outputs), nn.Dropout2d(dropout)),
        )
        self.act = activation(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w), or half as high and wide."""
        if not self.down:
            total: Tensor = self.act(self.main(x) + x)
            return total
        shortcut = F.pad(F.max_pool2d(x, 2, 2, ceil_mode=True), (0, 0, 0, 0, 0, self.more))
        even = F.pad(x, (0, x.shape[-1] % 2, 0, x.shape[-2] % 2))
        halved: Tensor = self.act(self.main(even) + shortcut)
        return halved


def _middle(channels: int, kind: Kind) -> list[nn.Module]:
    if kind == "asymmetric":
        row = nn.Conv2d(channels, channels, (1, 5), padding=(0, 2), bias=False)
        return [row, nn.Conv2d(channels, channels, (5, 1), padding=(2, 0))]
    dilation = kind if isinstance(kind, int) else 1
    return [convolution(channels, channels, dilation=dilation, bias=True)]


class Initial(nn.Module):
    """A strided convolution beside a max-pool of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = convolution(3, 13, stride=2, bias=True)
        self.act = nn.Sequential(norm(16), nn.PReLU(16))

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, h, w) → (batch, 16, ⌈h/2⌉, ⌈w/2⌉)."""
        pooled = F.max_pool2d(image, 2, 2, ceil_mode=True)
        x: Tensor = self.act(torch.cat([self.conv(image), pooled], dim=1))
        return x


@encoders.register(paper="arXiv:1606.02147")
class ENet(Encoder):
    """ENet's encoder.

    Args:
        output_stride: 8; there is no other form.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("enet", output_stride, (8,))
        self.blocks = nn.ModuleList(
            [
                Initial(),
                nn.Sequential(
                    Unit(16, 64, dropout=0.01, down=True), *(Unit(64, 64, dropout=0.01) for _ in range(4))
                ),
                nn.Sequential(
                    Unit(64, 128, dropout=0.1, down=True),
                    *(Unit(128, 128, kind, dropout=0.1) for kind in UNITS),
                ),
                nn.Sequential(*(Unit(128, 128, kind, dropout=0.1) for kind in UNITS)),
            ]
        )
        self.gives = (
            Feature("x2", 16, 2),
            Feature("x4", 64, 4),
            Feature("x8s2", 128, 8),
            Feature("x8", 128, 8),
        )

    def stages(self) -> list[Stage]:
        """The initial block and the three stages."""
        return [Stage(feature.name, [block]) for feature, block in zip(self.gives, self.blocks, strict=True)]
