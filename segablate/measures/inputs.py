"""What several measures read of a study: the image under `input`, the model, the name of a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segablate.datasets.base import Dataset, datasets
from segablate.errors import SegablateError, context, near_miss
from segablate.measures.base import Config, Result
from segablate.models.complete import unconfirmed

WORDS = ("batch", "classes", "size")


@dataclass(frozen=True)
class Input:
    """An input.

    Attributes:
        size: height and width in pixels.
        batch: images at a time.
        classes: of the network's scores.
    """

    size: tuple[int, int]
    batch: int
    classes: int


def read(config: Config, measure: str) -> Input:
    """The input of a variant; the number of classes is the data set's where the input does not say it.

    Args:
        config: the variant's.
        measure: who asks, for the messages.

    Raises:
        SegablateError: something is missing, unknown or not a positive number; `field` says which.
    """
    entries = config.get("input")
    if not isinstance(entries, Mapping):
        raise SegablateError(
            f"measure `{measure}` needs the size of an image",
            hint="write `input: {size: [height, width]}` under `fixed`",
            field="input",
        )
    for word in entries:
        if word not in WORDS:
            raise SegablateError(
                f"`input` has no `{word}`", hint=near_miss(word, WORDS), field=f"input.{word}"
            )
    classes = _classes(config, entries, measure)
    return Input(_size(entries), _positive(entries, "batch", 1), classes)


def without_weights(config: Config, measure: str) -> dict[str, Any]:
    """What a study says under `model`, less the weights' file.

    Raises:
        SegablateError: it says nothing.
    """
    model = config.get("model")
    if not isinstance(model, Mapping):
        raise SegablateError(f"measure `{measure}` needs `model`", field="model")
    return {name: value for name, value in model.items() if name != "weights"}


def split_name(split: str, data: Dataset) -> str:
    """A split's name; of a list file its name only, for the fingerprint says what it lists."""
    return split if split in data.splits else Path(split).name


def _classes(config: Config, entries: Mapping[str, Any], measure: str) -> int:
    if "classes" in entries:
        return _positive(entries, "classes", 0)
    if "data" not in config:
        raise SegablateError(
            f"measure `{measure}` needs the number of classes",
            hint="write it as `input.classes`, or name a data set under `data`",
            field="input",
        )
    with context(field="data"):
        part, settings = datasets.resolve(config["data"])
        data: Dataset = part.build({}, settings)
    return len(data.classes)


def _positive(entries: Mapping[str, Any], name: str, default: int) -> int:
    value = entries.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SegablateError(f"`{name}` is `{value}`, but must be at least 1", field=f"input.{name}")
    return value


def _size(entries: Mapping[str, Any]) -> tuple[int, int]:
    value = entries.get("size")
    sides = value if isinstance(value, list | tuple) else ()
    whole = all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in sides)
    if len(sides) != 2 or not whole:
        raise SegablateError(
            f"`size` is `{value}`, but must be a height and a width",
            hint="write `size: [height, width]`",
            field="input.size" if "size" in entries else "input",
        )
    return sides[0], sides[1]


def with_unconfirmed(result: Result, model: Config) -> Result:
    """The result, whose first metric does not see what of the network is our reading.

    Args:
        result: of a network.
        model: it, completed.
    """
    first, *rest = result.measurements
    spots = (*first.blind_spots, *unconfirmed(model))
    return replace(result, measurements=(replace(first, blind_spots=spots), *rest))
