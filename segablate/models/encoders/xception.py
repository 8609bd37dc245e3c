"""Xception-65, aligned: separable convolutions only, with a convolution in place of every max-pool.

        image ── conv1_1 /2 ── conv1_2 ── entry flow: efb1 /4, efb2 /8, efb3 /16
                                          middle flow: mfb1, 16 units
                                          exit flow: xfb1 /32, xfb2

        unit:  x ──► c1 ── c2 ── c3 ──► + ──►      efb2u1c2: entry flow, block 2, unit 1, convolution 2
               └──────── shortcut ──────┘          c = (ReLU) ── depth-wise 3×3 ── 1×1

Chollet, CVPR 2017, arXiv:1610.02357, as Chen et al., DeepLabv3+, ECCV 2018, arXiv:1802.02611 changed it. The
stride is in a unit's last convolution, so that the first two are finer. A ReLU stands before each separable
convolution, but in the last block after each of its two halves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from segablate.models.encoders.base import Dilation, Encoder, Stage, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, Separable

EPS = 1e-3


@dataclass(frozen=True)
class Block:
    """A block's name, its three widths, what its shortcut is, how many units it has and its stride."""

    name: str
    widths: tuple[int, int, int]
    skip: Literal["convolution", "sum", "none"]
    units: int = 1
    stride: int = 1


BLOCKS = (
    Block("efb1", (128, 128, 128), "convolution", stride=2),
    Block("efb2", (256, 256, 256), "convolution", stride=2),
    Block("efb3", (728, 728, 728), "convolution", stride=2),
    Block("mfb1", (728, 728, 728), "sum", units=16),
    Block("xfb1", (728, 1024, 1024), "convolution", stride=2),
    Block("xfb2", (1536, 1536, 2048), "none"),
)


class Unit(nn.Module):
    """Three separable convolutions and a shortcut.

    Args:
        inputs: channels of the input.
        block: the block it belongs to.
        stride: stride of its last convolution.
        dilation: dilation of all three.
    """

    def __init__(self, inputs: int, block: Block, stride: int, dilation: int) -> None:
        super().__init__()
        self.skip = block.skip
        # without a sum there is nothing that a ReLU in front would spare
        inside = block.skip == "none"
        self.convolutions = nn.ModuleList()
        channels = inputs
        for number, width in enumerate(block.widths):
            here = stride if number == 2 else 1
            conv: nn.Module = Separable(channels, width, stride=here, dilation=dilation, relu=inside, eps=EPS)
            self.convolutions.append(conv if inside else nn.Sequential(nn.ReLU(), conv))
            channels = width
        self.shortcut: nn.Module = nn.Identity()
        if block.skip == "convolution":
            self.shortcut = ConvNorm(inputs, channels, 1, stride=stride, relu=False, eps=EPS)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(batch, inputs, h, w) → what each convolution gives, and last the unit's result."""
        seen = [x]
        for conv in self.convolutions:
            seen.append(conv(seen[-1]))
        result = seen[-1] if self.skip == "none" else seen[-1] + self.shortcut(x)
        return [*seen[1:], result]


@encoders.register("xception65", paper="arXiv:1610.02357")
class Xception65(Encoder):
    """Aligned Xception with 65 layers, as in TF DeepLab.

    Args:
        output_stride: pixels per cell of the last feature: 8, 16 or 32.
    """

    def __init__(self, output_stride: int, /) -> None:
        super().__init__("xception65", output_stride, (8, 16, 32))
        self.stem = nn.Sequential(ConvNorm(3, 32, stride=2, eps=EPS), ConvNorm(32, 64, eps=EPS))
        features = [Feature("conv1_1", 32, 2), Feature("conv1_2", 64, 2)]
        dilation, channels = Dilation(2, output_stride), 64
        self.blocks = nn.ModuleDict()
        for block in BLOCKS:
            units = nn.ModuleList()
            for unit in range(1, block.units + 1):
                before = dilation.stride
                units.append(Unit(channels, block, *dilation.take(block.stride)))
                channels = block.widths[-1]
                for number, width in enumerate(block.widths, start=1):
                    stride = dilation.stride if number == 3 else before
                    features.append(Feature(f"{block.name}u{unit}c{number}", width, stride))
            self.blocks[block.name] = units
            features.append(Feature(block.name, channels, dilation.stride))
        self.gives = tuple(features)

    def stages(self) -> list[Stage]:
        """The two convolutions of the stem, and the blocks."""
        stem = [Stage(f"conv1_{number}", [conv]) for number, conv in enumerate(self.stem, start=1)]
        return [*stem, *(Stage(name, list(units.children())) for name, units in self.blocks.items())]

    def through(self, stage: Stage, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Of a block each separable convolution and the sum at the end."""
        if stage.name not in self.blocks:
            yield from super().through(stage, x)
            return
        for number, unit in enumerate(stage.modules, start=1):
            *inner, x = unit(x)
            for place, value in enumerate(inner, start=1):
                yield f"{stage.name}u{number}c{place}", value
        yield stage.name, x
