"""Classes merged, renamed or left out, in any data set: what a study writes as `data.map`.

    map: {car: vehicle, bus: vehicle, fence: null}

    sky  building  car  bus  fence  tree             sky  building  vehicle  tree
     0      1       2    3     4     5       ──►      0      1         2      3       fence: ignored

A class that is not named stays what it is. What is merged stands where its namesake stood, else where
the first of its members stood, in that one's colour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from segablate.datasets import fingerprints
from segablate.datasets.protocol import Dataset, Item, blocks
from segablate.errors import SegablateError, near_miss

# class, by name or index → what it becomes: a name, the index of another class, or nothing
ClassMap: TypeAlias = dict[str, str | int | None]
REST = "*"


class Mapped:
    """A data set whose classes have been mapped.

    Args:
        data: the data set as it is.
        given: what its classes become, as `checked` gives it.

    Raises:
        SegablateError: there is no such class, it is mapped twice, or none is left.
    """

    def __init__(self, data: Dataset, class_map: Mapping[str, str | int | None]) -> None:
        becomes = outcome(data.classes, class_map)
        representatives = _representatives(data.classes, becomes)
        self.classes = tuple(representatives)
        self.palette = data.palette[list(representatives.values())]
        void = 255 if len(representatives) <= 255 else 65535
        self.ignore = None if data.ignore is None and None not in becomes else void
        self._data = data
        self._table = _table(becomes, self.classes, data.ignore, void)

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of the data set."""
        return self._data.splits

    @property
    def default_fit(self) -> str:
        """That of the data set."""
        return self._data.default_fit

    @property
    def default_score(self) -> str:
        """That of the data set."""
        return self._data.default_score

    def items(self, split: str) -> Sequence[Item]:
        """Those of the data set."""
        return self._data.items(split)

    def blocks(self, split: str) -> Sequence[str]:
        """Those of the data set."""
        return blocks(self._data, split)

    def label(self, item: Item) -> np.ndarray:
        """The label map in the new classes, uint8 or uint16 of shape (height, width)."""
        mapped: np.ndarray = self._table[self._data.label(item)]
        return mapped

    def image(self, item: Item) -> np.ndarray:
        """The image, uint8 of shape (height, width, 3)."""
        return self._data.image(item)

    def fingerprint(self, split: str) -> str:
        """The data set's own, and what each value became."""
        own = self._data.fingerprint(split)
        return fingerprints.of_text(f"{own} {self._table.dtype} {json.dumps(self._table.tolist())}")

    def image_fingerprint(self, split: str) -> str:
        """That of the data set: its images are the same."""
        return self._data.image_fingerprint(split)


def checked(class_map: Any) -> ClassMap:
    """A `map` as a study writes it, its keys as text: JSON knows no others.

    Raises:
        SegablateError: it is no mapping, or a class becomes something that is no name, index or null.
    """
    if class_map is None:
        return {}
    if not isinstance(class_map, Mapping):
        raise SegablateError(
            f"`map` is `{class_map}`, but must say what classes become",
            hint="write `map: {class: another, class: null}`",
            field="map",
        )
    for name, value in class_map.items():
        if isinstance(value, bool) or not (value is None or isinstance(value, int) or _is_name(value)):
            raise SegablateError(
                f"class `{name}` is mapped to `{value}`",
                hint="a class becomes a name, the index of another class, or null",
                field="map",
            )
    return {str(name): class_map[name] for name in sorted(class_map, key=str)}


def outcome(classes: Sequence[str], class_map: Mapping[str, str | int | None]) -> list[str | None]:
    """For each class the name of what it becomes; None where it is ignored."""
    named: dict[int, str] = {}
    for word in class_map:
        if word == REST:
            continue
        index = _index(word, classes)
        if index in named:
            raise _error(f"class `{classes[index]}` is mapped twice, as `{named[index]}` and as `{word}`")
        named[index] = word
    becomes: list[str | None] = []
    for index, name in enumerate(classes):
        target = class_map[named[index]] if index in named else class_map.get(REST, name)
        becomes.append(classes[_index(target, classes)] if isinstance(target, int) else target)
    if not any(target is not None for target in becomes):
        raise _error("`map` leaves no class")
    return becomes


def _representatives(classes: Sequence[str], becomes: Sequence[str | None]) -> dict[str, int]:
    """New classes in their order, each with the old one whose place and colour it takes."""
    representatives: dict[str, int] = {}
    for index, target in enumerate(becomes):
        if target is not None and (target not in representatives or classes[index] == target):
            representatives[target] = index
    return dict(sorted(representatives.items(), key=lambda leader: leader[1]))


def _table(
    becomes: Sequence[str | None], classes: Sequence[str], ignore: int | None, void: int
) -> np.ndarray:
    """The new value of each old one, indexed by the old."""
    size = max(len(becomes), 0 if ignore is None else ignore + 1)
    table = np.full(size, void, np.uint8 if void == 255 else np.uint16)
    places = {name: place for place, name in enumerate(classes)}
    for value, target in enumerate(becomes):
        if target is not None and value != ignore:
            table[value] = places[target]
    return table


def _index(word: str | int, classes: Sequence[str]) -> int:
    """The class that is meant: a name comes first, for classes may be called by numbers."""
    if isinstance(word, str) and word in classes:
        return classes.index(word)
    if str(word).isdecimal() and int(word) < len(classes):
        return int(word)
    if str(word).lstrip("-").isdecimal():
        raise _error(f"there is no class {word}: they are 0 to {len(classes) - 1}")
    raise SegablateError(f"there is no class `{word}`", hint=near_miss(str(word), classes), field="map")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _error(message: str) -> SegablateError:
    return SegablateError(message, field="map")
