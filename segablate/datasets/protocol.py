"""What a data set is: named splits of items, each with a label map and, where there is one, an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a data set, not yet read.

    Attributes:
        name: unique within its split; the file's stem where there is a file.
        label: where the label map lies; None where it is generated.
        image: where the image lies or would lie; None where it is generated or there are none.
    """

    name: str
    label: Path | None
    image: Path | None


class Dataset(Protocol):
    """Label maps, and images, by split. Registered classes take their settings as keywords."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a class is its position here."""

    @property
    def ignore(self) -> int | None:
        """The label of pixels that count as nothing; None if every pixel has a class."""

    @property
    def palette(self) -> np.ndarray:
        """Colours to show the classes in, uint8 of shape (classes, 3)."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""

    @property
    def default_fit(self) -> str:
        """The split to fit on where nothing else is said."""

    @property
    def default_score(self) -> str:
        """The split to score on where nothing else is said."""

    def items(self, split: str) -> Sequence[Item]:
        """What a split holds, in a fixed order. `split` is a name or the path of a list file.

        Raises:
            SegablateError: there is no such split, or what it needs is missing or empty.
        """

    def label(self, item: Item) -> np.ndarray:
        """The label map, uint8 or uint16 of shape (height, width); each value is a class or `ignore`.

        Raises:
            SegablateError: it cannot be read, or holds another value. May be called from many threads.
        """

    def image(self, item: Item) -> np.ndarray:
        """The image, uint8 of shape (height, width, 3), of the label map's size.

        Raises:
            SegablateError: there is none, it cannot be read, or its size differs from the label map's.
        """

    def fingerprint(self, split: str) -> str:
        """A hash of what `label` gives for all items of a split, in their order, and of their names."""

    def image_fingerprint(self, split: str) -> str:
        """A hash of what `image` gives for all items of a split, in their order, and of their names.

        Raises:
            SegablateError: an item has no image, or it cannot be read.
        """


@runtime_checkable
class Blocked(Protocol):
    """A data set that says which of its items belong together, such as the frames of one scene."""

    def blocks(self, split: str) -> Sequence[str]:
        """The block of each item of a split, in their order: what is alike within, and drawn again as one."""


def blocks(data: Dataset, split: str) -> tuple[str, ...]:
    """The block of each item of a split; where a data set declares none, each item is one."""
    if isinstance(data, Blocked):
        return tuple(data.blocks(split))
    return tuple(item.name for item in data.items(split))
