"""Bilateral: one fusion of a detail branch with the deep one, and a wide head.

        context ──► fuse ── 3×3 conv ── 1×1 conv ──► code, as fine as the detail
                     ▲
                  detail

Yu et al., BiSeNetV2, IJCV 2021, arXiv:2004.02147, where the fusion is BGA and the head 1,024 channels wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, not_coarser, pick
from segablate.models.features import Feature, find
from segablate.models.fusions.base import fusion_of
from segablate.models.layers import ConvNorm


@decoders.register(paper="arXiv:2004.02147")
class Bilateral(Decoder):
    """Fuse the context with one feature of detail.

    Args:
        features: what there is to read.
        code: channels of the code.
        fusion: how the two become one.
        channels: channels of the fused feature.
        detail: the name of the fine feature; none given: the deepest at 1/8.
        head: width of the 3×3 convolution before the last one.
        dropout: share of the head's channels that training leaves out.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        fusion: str | dict[str, Any] = "bga",
        channels: int = 128,
        detail: str | None = None,
        head: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(channels=channels, head=head)
        (fine,) = pick(features, None if detail is None else [detail], [8])
        coarse = find(features, "context")
        not_coarser([fine], coarse)
        self.fuse = fusion_of(fusion, fine, coarse, channels)
        self.reads = (fine.name, coarse.name)
        self.head = ConvNorm(channels, head)
        self.dropout = nn.Dropout(dropout)
        self.finish(
            Feature("head", head, fine.stride),
            code,
            bias=True,
            levels=[Feature("fused", channels, fine.stride)],
        )

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The fused feature, and the code."""
        fine, coarse = (features[name] for name in self.reads)
        x = self.fuse(fine, coarse)
        yield "fused", x
        yield "code", self.classify(self.dropout(self.head(x)))
