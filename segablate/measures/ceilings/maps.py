"""Label maps as the ceilings want them, readable in any process; no torch is imported for it."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np

from segablate.datasets.base import Dataset, Item, datasets
from segablate.labels.patches import Labels
from segablate.measures.base import PLACES
from segablate.records import Reads


class Maps:
    """The label maps of a data set; pixels that are ignored hold `ignore`, a value beyond the classes.

    Args:
        spec: the data set and its settings, root included.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        part, settings = datasets.resolve(spec)
        self.data: Dataset = part.build({}, settings)
        self.classes = len(self.data.classes)
        self.ignore = _void(self.data.ignore, self.classes)

    def __reduce__(self) -> tuple[object, ...]:
        return _maps, (json.dumps(self._spec),)

    def read(self, item: Item) -> Labels:
        """One label map."""
        label = self.data.label(item)
        if self.ignore > np.iinfo(label.dtype).max:
            label = label.astype(np.uint16)
        ignore = self.data.ignore
        if ignore is not None and ignore < self.classes:
            # a class number that means "ignored" is moved out of the way of the classes
            label = np.where(label == ignore, self.ignore, label).astype(label.dtype)
        return label


def maps(reads: Reads) -> Maps:
    """The label maps of a cell, at their place on this machine."""
    spec = datasets.written(reads["data"])
    root = reads[PLACES].get("root")
    return Maps(spec if root is None else {**spec, "root": root})


@functools.lru_cache(maxsize=4)
def _maps(spec: str) -> Maps:
    # every batch of label maps says where they are from: once is enough
    return Maps(json.loads(spec))


def _void(ignore: int | None, classes: int) -> int:
    """A value outside the classes for pixels that are not scored."""
    if ignore is not None and ignore >= classes:
        return ignore
    return 255 if classes <= 255 else 65535
