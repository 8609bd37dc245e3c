"""ESPNetV2: depth-wise dilated convolutions between grouped 1×1 ones; the image is fed in at every size.

        image ── 3×3/2: x2 ── down: x4 ── down, 3 units: x8 ── down, 7 units: x16

        unit:  x ── 1×1, groups ── depth-wise, four dilations ── running sums ── cat ── 1×1, groups ──► + ──►
        down:  x ── mean-pool, and a unit of stride 2 ── cat ──► + ◄── two convolutions of the smaller image

Mehta et al., ESPNetv2, CVPR 2019, arXiv:1811.11431. The released unit of stride 2 has an activation that is
never called; it is not here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder, encoders
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm, ConvPReLU, NormPReLU, convolution

BRANCHES = 4


class Unit(nn.Module):
    """EESP: an extremely efficient spatial pyramid.

    Args:
        inputs: channels of the input.
        outputs: channels of the output, a multiple of four.
        reach: the widest window that is taken; of branches beyond it there are plain ones.
        stride: stride of the depth-wise convolutions.
        last: end with an activation.
    """

    def __init__(self, inputs: int, outputs: int, reach: int, *, stride: int = 1, last: bool = True) -> None:
        super().__init__()
        if outputs % BRANCHES:
            raise SegablateError(f"{outputs} channels are no multiple of {BRANCHES}", field="channels")
        inner = outputs // BRANCHES
        windows = [3 + 2 * number for number in range(BRANCHES)]
        within = sorted(window if window <= reach else 3 for window in windows)
        self.narrow = ConvPReLU(inputs, inner, 1, groups=math.gcd(BRANCHES, inputs, inner))
        self.branches = nn.ModuleList(
            convolution(inner, inner, stride=stride, dilation=(window - 1) // 2, groups=inner)
            for window in within
        )
        self.between = NormPReLU(outputs)
        self.widen = ConvNorm(outputs, outputs, 1, groups=BRANCHES, relu=False)
        self.residual = stride == 1 and inputs == outputs
        self.act: nn.Module = nn.PReLU(outputs) if last else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        narrow = self.narrow(x)
        seen: list[Tensor] = []
        for branch in self.branches:
            own = branch(narrow)
            seen.append(own + seen[-1] if seen else own)
        wide = self.widen(self.between(torch.cat(seen, dim=1)))
        result: Tensor = self.act(wide + x if self.residual else wide)
        return result


class Down(nn.Module):
    """Half the size and more channels, with the image beside.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        reach: see `Unit`.
    """

    def __init__(self, inputs: int, outputs: int, reach: int) -> None:
        super().__init__()
        self.unit = Unit(inputs, outputs - inputs, reach, stride=2, last=False)
        self.reinforce = nn.Sequential(ConvPReLU(3, 3), ConvNorm(3, outputs, 1, relu=False))
        self.act = nn.PReLU(outputs)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """(batch, inputs, h, w) and (batch, 3, ⌈h/2⌉, ⌈w/2⌉) → (batch, outputs, ⌈h/2⌉, ⌈w/2⌉)."""
        both = torch.cat([F.avg_pool2d(x, 3, 2, 1), self.unit(x)], dim=1)
        result: Tensor = self.act(both + self.reinforce(image))
        return result


@encoders.register(paper="arXiv:1811.11431")
class ESPNetV2(Encoder):
    """ESPNetV2 down to 1/16.

    Args:
        output_stride: 16; there is no other form.
        scale: how many times as wide as 64 channels at 1/4, s.

    Raises:
        SegablateError: a scale whose widths are no multiples of four or do not grow.
    """

    def __init__(self, output_stride: int, /, *, scale: float = 2.0) -> None:
        super().__init__("espnetv2", output_stride, (16,))
        first = 32 if scale > 0.5 else 16
        fine, middle, deep = (round(64 * scale) << level for level in range(3))
        if fine % 16 or fine <= first:
            raise SegablateError(
                f"`scale` is {scale}, which gives {fine} channels at 1/4",
                hint=f"take a multiple of 0.25 that gives more than {first}",
                field="scale",
            )
        self.first = ConvPReLU(3, first, stride=2)
        self.down4 = Down(first, fine, 13)
        self.down8 = Down(fine, middle, 11)
        self.units8 = nn.Sequential(*(Unit(middle, middle, 9) for _ in range(3)))
        self.down16 = Down(middle, deep, 9)
        self.units16 = nn.Sequential(*(Unit(deep, deep, 7) for _ in range(7)))
        self.gives = (
            Feature("x2", first, 2),
            Feature("x4", fine, 4),
            Feature("x8", middle, 8),
            Feature("x16", deep, 16),
        )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The four levels."""
        x, small = self.first(image), F.avg_pool2d(image, 3, 2, 1)
        yield "x2", x
        small = F.avg_pool2d(small, 3, 2, 1)
        x = self.down4(x, small)
        yield "x4", x
        small = F.avg_pool2d(small, 3, 2, 1)
        x = self.units8(self.down8(x, small))
        yield "x8", x
        small = F.avg_pool2d(small, 3, 2, 1)
        yield "x16", self.units16(self.down16(x, small))
