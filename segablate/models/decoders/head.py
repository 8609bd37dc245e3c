"""Head: a convolution, and all the rest is left to the upsampler.

context ── (3×3 conv) ── 1×1 conv ──► code
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from segablate.models.decoders.base import Decoder, decoders
from segablate.models.features import Feature, find
from segablate.models.layers import ConvNorm


@decoders.register()
class Head(Decoder):
    """No low-level features: the context's result, classified.

    Args:
        features: what there is to read.
        code: channels of the code.
        channels: width of a 3×3 convolution before the last one; none given: there is none.
        bias: whether the last convolution has a bias.
    """

    def __init__(
        self, features: tuple[Feature, ...], code: int, /, *, channels: int | None = None, bias: bool = True
    ) -> None:
        super().__init__()
        last = find(features, "context")
        self.reads = (last.name,)
        self.middle: nn.Module = nn.Identity()
        if channels is not None:
            self.middle = ConvNorm(last.channels, channels)
            last = Feature("middle", channels, last.stride)
        self.finish(last, code, bias=bias)

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The code."""
        yield "code", self.classify(self.middle(features["context"]))
