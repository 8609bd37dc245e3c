"""What a decoder is: an encoder's features go in, the code an upsampler asks for comes out.

Among the features is one more, `context`: the encoder's last one after the context part.
Most decoders end with a 1×1 convolution to the code, `classify`; nothing stands between it and the upsampler.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.check import positive
from segablate.models.features import Feature, Staged, deepest, find
from segablate.models.layers import convolution
from segablate.registry import Registry

decoders = Registry("decoder", "segablate.models.decoders")


class Decoder(Staged):
    """Base of all decoders.

    Attributes:
        reads: names of the features it needs.
        only_places: those of them of which it takes nothing but the size, or where their maxima lie.
        classify: the last convolution, to the code, where `finish` adds one.
        unconfirmed: what is our reading because its source does not say; "": nothing.
    """

    reads: tuple[str, ...]
    only_places: tuple[str, ...] = ()
    unconfirmed: ClassVar[str] = ""
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


def pick(
    features: Sequence[Feature],
    names: Sequence[str] | None,
    strides: Iterable[int],
    *,
    number: int | None = None,
) -> list[Feature]:
    """The encoder's features of these names; none given: the deepest of each stride.

    Args:
        features: what there is to read, the context included, which is no choice.
        names: what a study says.
        strides: of whose features there is one where it says nothing.
        number: how many there must be; none given: one or more.

    Raises:
        SegablateError: there is no such feature, or another number of them.
    """
    own = [feature for feature in features if feature.name != "context"]
    if names is None:
        return [deepest(own, stride) for stride in strides]
    chosen = [find(own, name) for name in names]
    if number is None:
        positive(low_level=len(chosen))
    elif len(chosen) != number:
        raise SegablateError(
            f"`low_level` names {len(chosen)} features, but {number} are read", field="low_level"
        )
    return chosen


def ladder(
    features: Sequence[Feature], names: Sequence[str] | None, strides: Iterable[int]
) -> tuple[Feature, list[Feature]]:
    """The context, and `pick`'s features in the order they are added to it: from coarse to fine.

    Raises:
        SegablateError: see `pick`; or one is coarser than the context.
    """
    high = find(features, "context")
    low = sorted(pick(features, names, strides), key=lambda feature: -feature.stride)
    not_coarser(low, high)
    return high, low


def finer(features: Sequence[Feature], least: int = 1) -> list[int]:
    """Strides of the encoder's features that are finer than the context, coarse before fine.

    Args:
        features: what there is to read.
        least: the least stride.
    """
    high = find(features, "context")
    return sorted({f.stride for f in features if least <= f.stride < high.stride}, reverse=True)


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
