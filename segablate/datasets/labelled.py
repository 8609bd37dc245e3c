"""What all data sets made of files have in common: reading an item, and the split's fingerprints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from segablate.datasets import files, fingerprints
from segablate.datasets.protocol import Item
from segablate.errors import SegablateError


class LabelFiles(ABC):
    """A data set whose items are files. What is left to do is `_list`: which files make up a split.

    Args:
        root: the folder it lies in.
        classes: names of the classes.
        ignore: the label of pixels that count as nothing.
        palette: colours of the classes.
        settings: what else decides which files are listed and what they mean.
        remap: what each value in the files stands for; None leaves them as they are.
    """

    remedy: ClassVar[str] = (
        "are these its label maps? `data: {{use: folder, classes: {needed}, …}}` reads any others"
    )

    def __init__(
        self,
        root: Path,
        classes: tuple[str, ...],
        ignore: int | None,
        palette: np.ndarray,
        settings: Hashable = (),
        remap: np.ndarray | None = None,
    ) -> None:
        self.root = root
        self.classes = classes
        self.ignore = ignore
        self.palette = palette
        self._settings = settings
        self._remap = remap
        self._items: dict[str, tuple[Item, ...]] = {}

    def items(self, split: str) -> Sequence[Item]:
        """What a split holds; listed once."""
        if split not in self._items:
            self._items[split] = tuple(self._list(split))
        return self._items[split]

    def label(self, item: Item) -> np.ndarray:
        """The label map, uint8 or uint16 of shape (height, width), its values checked."""
        path = self._label_path(item)
        return files.read_labels(path, len(self.classes), self.ignore, remap=self._remap, remedy=self.remedy)

    def image(self, item: Item) -> np.ndarray:
        """The image, uint8 of shape (height, width, 3), of the label map's size."""
        path = self._image_path(item)
        image = files.read_image(path)
        if item.label is not None and files.size_of(item.label) != image.shape[:2]:
            height, width = files.size_of(item.label)
            raise SegablateError(
                f"the image is {image.shape[0]}×{image.shape[1]}, its label map `{item.label.name}` "
                f"{height}×{width} (height × width)",
                where=str(path),
            )
        return image

    def fingerprint(self, split: str) -> str:
        """A hash of the split's label files and names."""
        remap = () if self._remap is None else tuple(self._remap.tolist())
        return self._hashed(split, "labels", self._label_path, remap)

    def image_fingerprint(self, split: str) -> str:
        """A hash of the split's image files and names."""
        return self._hashed(split, "images", self._image_path, ())

    def _hashed(self, split: str, what: str, path: Callable[[Item], Path], remap: tuple[int, ...]) -> str:
        place = (type(self).__name__, str(self.root.absolute()), self._settings, split, str(Path.cwd()))

        def make() -> str:
            return fingerprints.of_files([(item.name, path(item)) for item in self.items(split)], str(remap))

        return fingerprints.once((what, remap, *place), make)

    def _label_path(self, item: Item) -> Path:
        if item.label is None:
            raise SegablateError(f"`{item.name}` has no label map", where=str(self.root))
        return item.label

    def _image_path(self, item: Item) -> Path:
        if item.image is None:
            raise SegablateError(f"`{item.name}` has no image", where=str(self.root), hint=self._no_images())
        return item.image

    @abstractmethod
    def _list(self, split: str) -> Sequence[Item]:
        """The files of a split, or of a list file."""

    def _no_images(self) -> str:
        return "only its label maps are here"
