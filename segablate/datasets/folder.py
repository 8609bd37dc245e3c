"""Any folder of label maps, alone or with a folder of images of the same stems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segablate.datasets.base import Item, datasets
from segablate.datasets.files import SET_CLASSES
from segablate.datasets.labelled import LabelFiles
from segablate.datasets.listing import chosen, list_file, matched, pictures
from segablate.datasets.palettes import voc_palette
from segablate.datasets.roots import Layout, root_of
from segablate.errors import SegablateError

MOST = 65535


@datasets.register()
class Folder(LabelFiles):
    """Label maps of your own: PNG, TIFF, … of one channel that holds the class of each pixel.

    Its split is `all`; the path of a text file that lists stems, one a line, is a split too.

    Args:
        classes: how many classes there are, or their names.
        root: the folder; else `$SEGABLATE_DATA/folder`.
        labels: where below it the label maps lie.
        images: where below it the images lie; None if there are none.
        ignore: the label of pixels that count as nothing; None if every pixel has a class.
        values: what a value in the files stands for, where that is another class or `ignore`.
    """

    splits = ("all",)
    default_fit = "all"
    default_score = "all"
    remedy = SET_CLASSES

    def __init__(
        self,
        *,
        classes: int | tuple[str, ...],
        root: str | None = None,
        labels: str = "",
        images: str | None = None,
        ignore: int | None = 255,
        values: dict[int, int] | None = None,
    ) -> None:
        names = _names(classes)
        _check_label("ignore", ignore)
        layout = Layout(expects=tuple(path for path in (labels, images) if path), folders=("folder",))
        super().__init__(
            root_of("folder", root, layout),
            names,
            ignore,
            voc_palette(len(names)),
            settings=(labels, images, ignore, len(names)),
            remap=_table(values) if values else None,
        )
        self._labels = self.root / labels
        self._images = None if images is None else self.root / images

    def _list(self, split: str) -> Sequence[Item]:
        labels = pictures(self._labels, "label maps")
        images = {} if self._images is None else pictures(self._images, "images")
        if self._images is not None:
            matched(labels, images, self._images)
        if split not in self.splits:
            labels = chosen(list_file(split, self.splits, self.root), labels)
        return [
            Item(stem, Path(path), Path(images[stem]) if images else None) for stem, path in labels.items()
        ]

    def _no_images(self) -> str:
        return "say where they lie with `data.images`"


def _names(classes: int | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(classes, int):
        if not 1 <= classes <= MOST:
            raise SegablateError(f"{classes} classes: there are 1 to {MOST:,}", field="classes")
        return tuple(str(index) for index in range(classes))
    if not classes:
        raise SegablateError("`classes` names no class", field="classes")
    twice = sorted({name for name in classes if classes.count(name) > 1})
    if twice:
        raise SegablateError(f"two classes are called `{twice[0]}`", field="classes")
    return tuple(classes)


def _check_label(field: str, value: int | None) -> None:
    if value is not None and not 0 <= value <= MOST:
        raise SegablateError(f"`{field}` is {value}, and labels lie in 0…{MOST}", field=field)


def _table(values: dict[int, int]) -> np.ndarray:
    for value in (*values.keys(), *values.values()):
        _check_label("values", value)
    table = np.arange(max(values) + 1, dtype=np.uint16)
    table[list(values.keys())] = list(values.values())
    return table
