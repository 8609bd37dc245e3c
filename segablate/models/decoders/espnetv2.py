"""ESPNetV2's decoder: a pyramid of strided depth-wise convolutions at 1/8, and scores from there on.

        context ── 1×1 ── ×2 ──┐
        x8 ────────────────── cat ── EESP unit ── pyramid ── scores ×2 ──┐
        x4 ────────────────────────────────────────────────────────── cat ── 1×1 ── ×2 ──┐
        x2 ──────────────────────────────────────────────────────────────────────────── cat ── 1×1 ──► code

Mehta et al., ESPNetv2, CVPR 2019, arXiv:1811.11431.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, not_coarser, pick
from segablate.models.encoders.espnetv2 import Unit
from segablate.models.features import Feature, find
from segablate.models.layers import ConvPReLU, NormPReLU, convolution, resize

REACH = 7
STEPS = 4


class Pyramid(nn.Module):
    """The feature beside depth-wise convolutions of ever smaller means of it.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(convolution(channels, channels, groups=channels) for _ in range(STEPS))
        self.merge = ConvPReLU((1 + STEPS) * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → the same."""
        parts, small = [x], x
        for stage in self.stages:
            small = F.avg_pool2d(small, 3, 2, 1)
            parts.append(resize(stage(small), x, align_corners=True))
        merged: Tensor = self.merge(torch.cat(parts, dim=1))
        return merged


@decoders.register(paper="arXiv:1811.11431")
class ESPNetV2(Decoder):
    """A pyramid at the first finer feature, and scores joined with the two others.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels of the pyramid, a multiple of four; none given: half as many as the context has,
            rounded up to one.
        low_level: names of three ever finer features; none given: the deepest at 1/2, 1/4 and 1/8 of the
            context's stride.
        dropout: share of channels that training leaves out before scores are made.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int | None = None,
        low_level: tuple[str, ...] | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        high = find(features, "context")
        channels = -(-high.channels // 8) * 4 if channels is None else channels
        positive(channels=channels)
        named = pick(features, low_level, [high.stride >> step for step in (1, 2, 3)], number=3)
        not_coarser(named, high)
        near, middle, fine = named
        self.reads = ("context", *(feature.name for feature in named))
        self.narrow = ConvPReLU(high.channels, channels, 1)
        self.join = nn.Sequential(Unit(near.channels + channels, channels, REACH), Pyramid(channels))
        self.score = nn.Sequential(nn.Dropout2d(dropout), convolution(channels, code, 1))
        self.norm = NormPReLU(code)
        self.join_middle = ConvPReLU(middle.channels + code, code, 1)
        self.dropout = nn.Dropout2d(dropout)
        # those before their norm are what the released code trains too
        scores = Feature(f"scores{near.stride}", code, near.stride)
        self.finish(Feature("last", fine.channels + code, fine.stride), code, bias=False, levels=[scores])

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """Scores at the coarsest of the features, and the code."""
        high, near, middle, fine = (features[name] for name in self.reads)
        scores = self.score(self.join(_beside(near, self.narrow(high))))
        yield self.gives[0].name, scores
        x = self.join_middle(_beside(middle, self.norm(scores)))
        yield "code", self.classify(self.dropout(_beside(fine, x)))


def _beside(fine: Tensor, coarse: Tensor) -> Tensor:
    return torch.cat([fine, resize(coarse, fine, align_corners=True)], dim=1)
