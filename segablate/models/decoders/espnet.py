"""ESPNet's decoder: class scores are enlarged by transposed convolutions, and finer features join.

        x8 ── 1×1 conv ── ×2 ──┐
        x4 ── 1×1 conv ────── cat ── ESP unit ── ×2 ──┐
        x2 ───────────────────────────────────────── cat ── 3×3 conv ──► code at 1/2

Mehta et al., ESPNet, ECCV 2018, arXiv:1803.06815. All levels have the code's channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders, not_coarser, pick
from segablate.models.encoders.espnet import EPS, Spatial
from segablate.models.features import Feature, find
from segablate.models.layers import ConvPReLU, NormPReLU, convolution


def double(channels: int) -> nn.ConvTranspose2d:
    """A transposed convolution whose patches lie side by side."""
    return nn.ConvTranspose2d(channels, channels, 2, 2, bias=False)


@decoders.register(paper="arXiv:1803.06815")
class ESPNet(Decoder):
    """Enlarge scores step by step.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the two finer features, coarse before fine; none given: the deepest at 1/2 and 1/4
            of the context's stride.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, low_level: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        high = find(features, "context")
        middle, fine = pick(features, low_level, (high.stride // 2, high.stride // 4), number=2)
        not_coarser([middle, fine], high)
        self.reads = ("context", middle.name, fine.name)
        self.of_high = nn.Sequential(convolution(high.channels, code, 1), nn.BatchNorm2d(code, eps=EPS))
        self.up_high = double(code)
        self.of_middle = convolution(middle.channels, code, 1)
        self.join = nn.Sequential(NormPReLU(2 * code, eps=EPS), Spatial(2 * code, code, residual=False))
        self.up_middle = nn.Sequential(double(code), NormPReLU(code, eps=EPS))
        self.last = ConvPReLU(fine.channels + code, code, eps=EPS)
        self.declare(Feature("last", code, fine.stride))

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        high, middle, fine = (features[name] for name in self.reads)
        x = _as(self.up_high(self.of_high(high)), middle)
        x = self.join(torch.cat([self.of_middle(middle), x], dim=1))
        x = _as(self.up_middle(x), fine)
        yield "code", self.last(torch.cat([x, fine], dim=1))


def _as(x: Tensor, like: Tensor) -> Tensor:
    """Without what stands out below and to the right."""
    return x[..., : like.shape[-2], : like.shape[-1]]
