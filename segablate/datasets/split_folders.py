"""What data sets have in common whose splits are folders: label maps in one, their images in another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from segablate.datasets.labelled import LabelFiles
from segablate.datasets.listing import chosen, list_file, matched, pictures
from segablate.datasets.protocol import Item
from segablate.errors import SegablateError


class SplitFolders(LabelFiles):
    """A data set with a folder of label maps and one of images a split. What is left is `_places`.

    A list file may pick from all splits. A folder of images may be missing: label maps do without.
    """

    splits: tuple[str, ...]
    endings: ClassVar[tuple[str, ...]] = ()  # of file names, where more than the suffix belongs to no stem

    @abstractmethod
    def _places(self, split: str) -> tuple[Path, Path]:
        """Where a split's label maps and images lie."""

    def _find(self, folder: Path, what: str) -> dict[str, str]:
        """The files of a folder by stem; `what` is "label maps" or "images"."""
        return pictures(folder, what)

    def _list(self, split: str) -> Sequence[Item]:
        if split in self.splits:
            return self._split(split)
        path = list_file(split, self.splits, self.root)
        there = [part for part in self.splits if self._places(part)[0].is_dir()]
        every: dict[str, list[Item]] = {}
        for part in there:
            for item in self._split(part):
                every.setdefault(item.name, []).append(item)
        labels = {stem: str(same[0].label) for stem, same in every.items()}
        return [_only(every[stem], path) for stem in chosen(path, labels, self.endings)]

    def _split(self, split: str) -> list[Item]:
        labels_folder, images_folder = self._places(split)
        labels = self._find(labels_folder, "label maps")
        if not images_folder.is_dir():
            return [Item(stem, Path(path), None) for stem, path in labels.items()]
        images = self._find(images_folder, "images")
        matched(labels, images, images_folder)
        return [Item(stem, Path(path), Path(images[stem])) for stem, path in labels.items()]


def _only(same: Sequence[Item], listed: Path) -> Item:
    if len(same) > 1:
        raise SegablateError(
            f"`{same[0].name}` may be `{same[0].label}` or `{same[1].label}`",
            where=str(listed),
            hint="take a whole split, or give the files names of their own",
        )
    return same[0]
