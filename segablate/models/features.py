"""Named features: what encoders and decoders give, declared as data before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """A module that computes named features one after another.

    Attributes:
        gives: all it can give, in the order they are computed.
    """

    gives: tuple[Feature, ...]

    def collect(self, stages: Iterator[tuple[str, Tensor]], names: Iterable[str] | None) -> dict[str, Tensor]:
        """Run through the stages until all features of these names are there; None: all there are.

        What is not named is freed as soon as the next stage has used it, and what comes after the last one
        is never computed.
        """
        missing = {feature.name for feature in self.gives} if names is None else set(names)
        collected: dict[str, Tensor] = {}
        for name, value in stages:
            if name in missing:
                collected[name] = value
                missing.discard(name)
            if not missing:
                break
        if missing:
            raise KeyError(f"no feature {', '.join(sorted(missing))}")
        return collected


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
