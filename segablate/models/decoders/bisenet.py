"""BiSeNet's decoder: the context path is refined on its way up and fused with the spatial path.

        1/32 ──┬─ ARM ──────────────── + ── enlarge ── 3×3 conv ── cp16 ─┐
               └─ mean ── 1×1 conv ────┘                                 │
        1/16 ──── ARM ────────────────────────────────────────────────── + ── enlarge ── 3×3 conv ── cp8
                                                                                                    │
        spatial ────────────────────────────────────────────────────────────────────────────────── FFM ─► head

Yu et al., BiSeNet, ECCV 2018, arXiv:1808.00897. `released` is the authors' code; `mmseg` what
re-implementations share: nearest in place of bilinear, and one convolution in place of two in the FFM's
attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, pick
from segablate.models.decoders.stdcseg import Refinement
from segablate.models.features import Feature
from segablate.models.fusions.ffm import FeatureFusion
from segablate.models.layers import ConvNorm, resize


@decoders.register(paper="arXiv:1808.00897")
class BiSeNet(Decoder):
    """Attention refinement on the way up, and BiSeNet's fusion with the detail.

    It reads the encoder's own features; a context part has no place in it.

    Args:
        features: what there is to read.
        code: channels of the code.
        low_level: names of the features at 1/8, 1/16 and 1/32; none given: the deepest of each.
        channels: channels on the way up.
        fused: channels after the fusion.
        head: width of the 3×3 convolution before the last one.
        variant: as `released`, or as `mmseg` and others have it.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        low_level: tuple[str, ...] | None = None,
        channels: int = 128,
        fused: int = 256,
        head: int = 64,
        variant: Literal["released", "mmseg"] = "released",
    ) -> None:
        super().__init__()
        positive(channels=channels, fused=fused, head=head)
        fine, middle, coarse = pick(features, low_level, (8, 16, 32), number=3)
        self.reads = (fine.name, middle.name, coarse.name)
        self.nearest = variant == "mmseg"
        self.mean = ConvNorm(coarse.channels, channels, 1, pooled=True)
        self.refine32 = Refinement(coarse.channels, channels)
        self.up32 = ConvNorm(channels, channels)
        self.refine16 = Refinement(middle.channels, channels)
        self.up16 = ConvNorm(channels, channels)
        self.fuse = FeatureFusion(fine.channels + channels, fused, "one" if self.nearest else "two")
        self.head = ConvNorm(fused, head)
        levels = (Feature("cp16", channels, middle.stride), Feature("cp8", channels, fine.stride))
        self.finish(Feature("head", head, fine.stride), code, bias=True, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The two levels of the context path, and the code."""
        fine, middle, coarse = (features[name] for name in self.reads)
        x = self.refine32(coarse) + self.mean(coarse.mean((2, 3), keepdim=True))
        x = self.up32(self._enlarge(x, middle))
        yield "cp16", x
        x = self.up16(self._enlarge(self.refine16(middle) + x, fine))
        yield "cp8", x
        yield "code", self.classify(self.head(self.fuse(fine, x)))

    def _enlarge(self, x: Tensor, like: Tensor) -> Tensor:
        if self.nearest:
            return F.interpolate(x, (like.shape[-2], like.shape[-1]), mode="nearest")
        return resize(x, like, align_corners=True)
