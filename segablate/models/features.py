"""Named features: what encoders and decoders give, declared as data before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from segablate.errors import SegablateError, near_miss


@dataclass(frozen=True)
class Feature:
    """A feature map as it is declared.

    Attributes:
        name: the paper's name for it.
        channels: its channels.
        stride: pixels of the image per cell; its size is ⌈size / stride⌉.
    """

    name: str
    channels: int
    stride: int

    def __str__(self) -> str:
        return f"`{self.name}` ({self.channels} channels at 1/{self.stride})"


class Staged(nn.Module):
    """A module that computes named features one after another and keeps those that are wanted.

    Attributes:
        gives: all it can give, in the order they are computed.
        wanted: names of those it gives; all of them until `want` says otherwise. What is not wanted is
            freed as soon as the next stage has used it, and what comes after the last wanted one is never
            computed.
    """

    gives: tuple[Feature, ...]
    wanted: tuple[str, ...]

    def declare(self, features: Iterable[Feature]) -> None:
        """Say what `walk` yields."""
        self.gives = tuple(features)
        self.wanted = tuple(feature.name for feature in self.gives)

    def want(self, names: Iterable[str]) -> None:
        """Keep only these.

        Raises:
            SegablateError: there is none of that name.
        """
        asked = set(names)
        for name in sorted(asked):
            find(self.gives, name)
        self.wanted = tuple(feature.name for feature in self.gives if feature.name in asked)

    def collect(self, stages: Iterator[tuple[str, Tensor]]) -> dict[str, Tensor]:
        """Run through the stages until all that is wanted is there."""
        kept: dict[str, Tensor] = {}
        for name, value in stages:
            if name in self.wanted:
                kept[name] = value
                if len(kept) == len(self.wanted):
                    break
        return kept


def find(features: Sequence[Feature], name: str) -> Feature:
    """The feature of that name.

    Raises:
        SegablateError: there is none; the hint tells the nearest name or all.
    """
    for feature in features:
        if feature.name == name:
            return feature
    raise SegablateError(
        f"there is no feature `{name}`", hint=near_miss(name, [f.name for f in features]), field="features"
    )


def deepest(features: Sequence[Feature], stride: int) -> Feature:
    """The last feature of that stride.

    Raises:
        SegablateError: there is none.
    """
    for feature in reversed(features):
        if feature.stride == stride:
            return feature
    strides = sorted({feature.stride for feature in features})
    raise SegablateError(
        f"there is no feature of stride {stride}",
        hint=f"there are strides {', '.join(map(str, strides))}",
        field="features",
    )


def by_name(features: Iterable[Feature]) -> Mapping[str, Feature]:
    """The features under their names."""
    return {feature.name: feature for feature in features}
