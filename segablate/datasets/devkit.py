"""What data sets in the layout of the PASCAL VOC development kits have in common.

VOC20…/
  ImageSets/<lists>/*.txt     a split each, a stem a line
  <labels>/*.png
  JPEGImages/*.jpg            read only when an image is asked for
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from segablate.datasets.labelled import LabelFiles
from segablate.datasets.listing import chosen, list_file, pictures
from segablate.datasets.protocol import Item


class Devkit(LabelFiles):
    """Splits are list files, label maps and images lie in one folder each.

    Args:
        root: the folder it lies in.
        lists: where below it the list files lie.
        labels: where below it the label maps lie.
        classes: names of the classes.
        palette: their colours.
        settings: what else decides what the files mean.
        remap: what each value in the files stands for; None leaves them as they are.
    """

    default_fit = "train"
    default_score = "val"

    def __init__(
        self,
        root: Path,
        lists: str,
        labels: str,
        classes: tuple[str, ...],
        palette: np.ndarray,
        settings: Hashable = (),
        remap: np.ndarray | None = None,
    ) -> None:
        super().__init__(root, classes, 255, palette, settings, remap)
        self.labels = labels
        self._lists = root / lists

    @property
    def splits(self) -> tuple[str, ...]:
        """The lists there are."""
        return tuple(sorted(path.stem for path in self._lists.glob("*.txt")))

    def _list(self, split: str) -> Sequence[Item]:
        known = self._lists / f"{split}.txt"
        path = known if split in self.splits else list_file(split, self.splits, self.root)
        images = self.root / "JPEGImages"
        paths = chosen(path, self._pictures)
        return [Item(stem, Path(label), Path(f"{images}/{stem}.jpg")) for stem, label in paths.items()]

    @cached_property
    def _pictures(self) -> dict[str, str]:
        return pictures(self.root / self.labels, "label maps")
