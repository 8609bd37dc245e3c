"""What a decoder is: an encoder's features go in, the code an upsampler asks for comes out.

Among the features is one more, `context`: the encoder's last one after the context part.
Most decoders end with a 1×1 convolution to the code, `classify`; nothing stands between it and the upsampler.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.features import Feature, Staged
from segablate.models.layers import convolution
from segablate.registry import Registry

decoders = Registry("decoder", "segablate.models.decoders")


class Decoder(Staged):
    """Base of all decoders.

    Attributes:
        reads: names of the features it needs.
        only_places: those of them of which it takes nothing but the size, or where their maxima lie.
        classify: the last convolution, to the code, where `finish` adds one.
    """

    reads: tuple[str, ...]
    only_places: tuple[str, ...] = ()
    classify: nn.Conv2d

    def finish(self, last: Feature, code: int, *, bias: bool, levels: Iterable[Feature] = ()) -> None:
        """Add the last convolution and declare what the decoder gives.

        Args:
            last: what is classified.
            code: channels of the code.
            bias: whether the last convolution has a bias.
            levels: features on the way, which auxiliary heads may look at.
        """
        self.classify = convolution(last.channels, code, 1, bias=bias)
        self.gives = (*levels, Feature("code", code, last.stride))

    def declare(self, last: Feature, *, levels: Iterable[Feature] = ()) -> None:
        """Declare what the decoder gives where its last feature is the code itself.

        Args:
            last: it.
            levels: features on the way, which auxiliary heads may look at.
        """
        self.gives = (*levels, Feature("code", last.channels, last.stride))

    @property
    def last_convolution(self) -> nn.Conv2d | None:
        """`classify`; None where the decoder ends otherwise."""
        return getattr(self, "classify", None)

    @property
    def code(self) -> Feature:
        """The code as it is declared."""
        return self.gives[-1]

    def walk(self, features: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """Compute the levels and, last, the code."""
        raise NotImplementedError

    def forward(
        self, features: Mapping[str, Tensor], names: Iterable[str] | None = ("code",)
    ) -> dict[str, Tensor]:
        """What of the encoder it `reads` → the code, (batch, code, h, w), and levels asked for by name."""
        return self.collect(self.walk(features), names)


def not_coarser(features: Sequence[Feature], than: Feature) -> None:
    """Refuse low-level features that are coarser than the high-level one.

    Raises:
        SegablateError: the first that is.
    """
    for feature in features:
        if feature.stride > than.stride:
            raise SegablateError(
                f"feature {feature} is coarser than {than}, to which it should add detail", field="features"
            )
