"""FLD, the flexible and lightweight decoder: fewer channels the finer it gets.

        context ──► fuse ── d32 ──► fuse ── d16 ──► fuse ── d8 ── 3×3 conv ── 1×1 conv ──► code at 1/8
                     ▲               ▲               ▲
                    x32             x16              x8

Peng et al., PP-LiteSeg, 2022, arXiv:2204.02681. The paper draws two fusions, with x16 and x8; the released
code, with which accuracy and speed were measured, has a third one, of the context with x32 itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.decoders.base import Decoder, decoders, pick
from segablate.models.features import Feature, find
from segablate.models.fusions.base import fusion_of
from segablate.models.layers import ConvNorm

STAGES = {"released": 3, "paper": 2}


@decoders.register(paper="arXiv:2204.02681")
class FLD(Decoder):
    """Fuse from coarse to fine, with channels of one's choice at every level.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: width of each level, finest first.
        fusion: how a level is made of the encoder's feature and the level below.
        low_level: names of the encoder's features, finest first; none given: the deepest at 1/8, 1/16, 1/32.
        variant: `released` fuses with all three features, `paper` with the two finest.
        stages: number of fusions, finest kept, if it is to be another than the variant's.
        head: width of the 3×3 convolution before the last one.

    Raises:
        SegablateError: more stages than features or widths, or features that are not ever coarser.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        code: int,
        /,
        *,
        channels: tuple[int, ...] = (32, 64, 128),
        fusion: str | dict[str, Any] = "uafm",
        low_level: tuple[str, ...] | None = None,
        variant: Literal["released", "paper"] = "released",
        stages: int | None = None,
        head: int = 32,
    ) -> None:
        super().__init__()
        positive(channels=min(channels, default=0), head=head)
        count = STAGES[variant] if stages is None else stages
        low = pick(features, low_level, (8, 16, 32))
        _enough(count, low, channels)
        high = find(features, "context")
        self.fuse = nn.ModuleDict()
        levels = []
        for feature, width in zip(reversed(low[:count]), reversed(channels[:count]), strict=True):
            if feature.stride > high.stride:
                raise SegablateError(
                    f"{feature} cannot add detail to {high}: `low_level` must name finest first",
                    field="low_level",
                )
            self.fuse[feature.name] = fusion_of(fusion, feature, high, width)
            high = Feature(f"d{feature.stride}", width, feature.stride)
            levels.append(high)
        self.reads = ("context", *self.fuse)
        self.level_names = tuple(level.name for level in levels)
        self.head = ConvNorm(high.channels, head)
        self.finish(Feature("head", head, high.stride), code, bias=False, levels=levels)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The levels from coarse to fine, and the code."""
        x = features["context"]
        for level, (name, fuse) in zip(self.level_names, self.fuse.items(), strict=True):
            x = fuse(features[name], x)
            yield level, x
        yield "code", self.classify(self.head(x))


def _enough(stages: int, low: list[Feature], channels: tuple[int, ...]) -> None:
    positive(stages=stages)
    if stages > len(low):
        raise SegablateError(
            f"{stages} stages need as many features, but there are {len(low)}", field="stages"
        )
    if stages > len(channels):
        raise SegablateError(
            f"{stages} stages need as many widths, but `channels` has {len(channels)}", field="channels"
        )
