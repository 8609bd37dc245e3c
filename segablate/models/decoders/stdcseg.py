"""STDC-Seg's decoder: BiSeNet's context path and feature fusion, without its spatial path.

        x32 ──┬─ mean ── 1×1 conv ─┐
              └─ ARM ───────────── + ── enlarge ── 3×3 conv ── cp16 ─┐
        x16 ──── ARM ─────────────────────────────────────────────── + ── enlarge ── 3×3 conv ── cp8
                                                                                                  │
        x8 ───────────────────────────────────────────────────────────────────────────────────── FFM ─► head

ARM weighs channels by what the whole image shows; FFM concatenates, and weighs the channels too.
Yu et al., BiSeNet, ECCV 2018, arXiv:1808.00897; Fan et al., STDC-Seg, CVPR 2021, arXiv:2104.13188.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders
from segablate.models.features import Feature, deepest
from segablate.models.layers import ConvNorm, PooledNorm, convolution
from segablate.wire import Neutral


class Refinement(nn.Module):
    """ARM: a 3×3 convolution whose channels are weighed by their means over the image.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        bias: whether the convolutions have one.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__()
        self.conv = ConvNorm(inputs, outputs, bias=bias)
        self.conv_atten = convolution(outputs, outputs, 1, bias=bias)
        self.bn_atten = PooledNorm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        x = self.conv(x)
        weight: Tensor = self.bn_atten(self.conv_atten(x.mean((2, 3), keepdim=True)))
        return x * weight.sigmoid()


class FeatureFusion(nn.Module):
    """FFM: concatenate, convolve, and add what is weighed by channel to what is not.

    Args:
        fine: channels of the fine input.
        coarse: channels of the coarse input, which has been enlarged.
        outputs: channels of the output.
        bias: whether the convolutions have one.
    """

    def __init__(self, fine: int, coarse: int, outputs: int, *, bias: bool) -> None:
        super().__init__()
        self.convblk = ConvNorm(fine + coarse, outputs, 1, bias=bias)
        self.conv1 = convolution(outputs, max(1, outputs // 4), 1, bias=bias)
        self.conv2 = convolution(max(1, outputs // 4), outputs, 1, bias=bias)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(batch, fine, h, w) and (batch, coarse, h, w) → (batch, outputs, h, w)."""
        x: Tensor = self.convblk(torch.cat([fine, coarse], dim=1))
        weight: Tensor = self.conv2(self.conv1(x.mean((2, 3), keepdim=True)).relu())
        return x * weight.sigmoid() + x


@decoders.register("stdc-seg", paper="arXiv:2104.13188")
class STDCSeg(Decoder):
    """Attention over channels on the way up, concatenation at the end.

    It reads the encoder's own features at 1/8, 1/16 and 1/32; a context part has no place in it.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: channels on the way up.
        fused: channels after the fusion and of the head.
        bias: whether the convolutions have one, as in PaddleSeg; the authors' have none.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: int = 128,
        fused: int = 256,
        bias: Annotated[bool, Neutral(False)] = False,
    ) -> None:
        super().__init__()
        positive(channels=channels, fused=fused)
        own = [feature for feature in features if feature.name != "context"]
        fine, middle, coarse = (deepest(own, stride) for stride in (8, 16, 32))
        self.reads = (fine.name, middle.name, coarse.name)
        self.conv_avg = ConvNorm(coarse.channels, channels, 1, bias=bias, pooled=True)
        self.arm32 = Refinement(coarse.channels, channels, bias=bias)
        self.conv_head32 = ConvNorm(channels, channels, bias=bias)
        self.arm16 = Refinement(middle.channels, channels, bias=bias)
        self.conv_head16 = ConvNorm(channels, channels, bias=bias)
        self.ffm = FeatureFusion(fine.channels, channels, fused, bias=bias)
        self.head = ConvNorm(fused, fused, bias=bias)
        levels = (Feature("cp16", channels, 16), Feature("cp8", channels, 8))
        self.finish(Feature("head", fused, 8), code, bias=bias, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The two levels of the context path, and the code."""
        fine, middle, coarse = (features[name] for name in self.reads)
        x = self.arm32(coarse) + self.conv_avg(coarse.mean((2, 3), keepdim=True))
        x = self.conv_head32(_enlarge(x, middle))
        yield "cp16", x
        x = self.conv_head16(_enlarge(self.arm16(middle) + x, fine))
        yield "cp8", x
        yield "code", self.classify(self.head(self.ffm(fine, x)))


def _enlarge(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, (like.shape[-2], like.shape[-1]), mode="nearest")
