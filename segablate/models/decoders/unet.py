"""U-Net's expanding path: enlarge, lay the encoder's feature beside, two convolutions; up to full size.

        context ── ×2 ──┐
        x8 ──────────── cat ── 3×3 ── 3×3 ── ×2 ──┐
        x4 ────────────────────────────────────── cat … ──► code, as fine as the finest feature

Ronneberger et al., U-Net, MICCAI 2015, arXiv:1505.04597. What enlarges is a transposed convolution that
halves the channels; in PaddleSeg it is bilinear interpolation, whose result is laid before the feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, finer, ladder
from segablate.models.encoders.unet import Double
from segablate.models.features import Feature
from segablate.models.layers import convolution, resize


@decoders.register(paper="arXiv:1505.04597", version=2)
class UNet(Decoder):
    """Enlarge and concatenate, level by level.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the finer features; none given: the deepest of each stride that is finer than the
            context.
        enlarge: a `transposed` convolution that halves the channels, or `bilinear`, after which it is a
            level's convolutions that bring the channels to the next level's.
        kernel: size of the last convolution, odd.
        bias: whether the 3×3 convolutions have one.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        low_level: tuple[str, ...] | None = None,
        enlarge: Literal["transposed", "bilinear"] = "transposed",
        kernel: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__()
        positive(kernel=kernel)
        high, low = ladder(features, low_level, finer(features))
        self.reads = ("context", *(feature.name for feature in low))
        self.enlarged_first = enlarge == "bilinear"
        self.ups, self.blocks = nn.ModuleList(), nn.ModuleList()
        width = high.channels
        for level, next_level in zip(low, [*low[1:], low[-1]], strict=True):
            self.ups.append(nn.Identity())
            outputs = next_level.channels
            if enlarge == "transposed":
                outputs = max(1, width // 2)
                self.ups[-1] = nn.ConvTranspose2d(width, outputs, 2, 2)
                width = outputs
            self.blocks.append(Double(level.channels + width, outputs, bias=bias))
            width = outputs
        last = Feature("last", width, low[-1].stride)
        if kernel == 1:
            self.finish(last, code, bias=True)
        else:
            self.wide = convolution(width, code, kernel, bias=True)
            self.declare(Feature("last", code, last.stride))

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        x, *low = (features[name] for name in self.reads)
        for fine, up, block in zip(low, self.ups, self.blocks, strict=True):
            enlarged = resize(up(x)[..., : fine.shape[-2], : fine.shape[-1]], fine)
            both = [enlarged, fine] if self.enlarged_first else [fine, enlarged]
            x = block(torch.cat(both, dim=1))
        last = self.last_convolution or self.wide
        yield "code", last(x)
