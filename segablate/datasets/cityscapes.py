"""Cityscapes: streets of 50 cities from a car, finely labelled, 19 classes, 1024×2048.

    cityscapes/
      leftImg8bit/{train,val}/<city>/<city>_<sequence>_<frame>_leftImg8bit.png       2,975 and 500
      gtFine/{train,val}/<city>/<city>_<sequence>_<frame>_gtFine_labelIds.png        0…33
                                                         …_gtFine_labelTrainIds.png  0…18, 255

`labelIds` come with the data and are turned into train ids here; `labelTrainIds`, which the data set's
scripts make, are read only where the others are not. The label maps of `test` are withheld.

Cordts et al., The Cityscapes dataset for semantic urban scene understanding, 2016, arXiv:1604.01685.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segablate.datasets.base import datasets
from segablate.datasets.listing import below
from segablate.datasets.palettes import as_palette
from segablate.datasets.roots import Layout, root_of
from segablate.datasets.split_folders import SplitFolders

CLASSES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic-light", "traffic-sign", "vegetation",
    "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
)  # fmt: skip
COLOURS = (
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153),
    (250, 170, 30), (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60),
    (255, 0, 0), (0, 0, 142), (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32),
)  # fmt: skip
# the ids of the classes, in the order of their train ids; all others up to the last are ignored
IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
VOID = 255
SPLITS = ("train", "val")
IMAGE = "_leftImg8bit.png"
LABEL_IDS, TRAIN_IDS = "_gtFine_labelIds.png", "_gtFine_labelTrainIds.png"
ENDINGS = (IMAGE, LABEL_IDS, TRAIN_IDS)
LAYOUT = Layout(
    expects=("gtFine",),
    folders=("cityscapes", "Cityscapes"),
    source="gtFine_trainvaltest.zip and leftImg8bit_trainvaltest.zip are at https://www.cityscapes-dataset.com",
)


@datasets.register(paper="arXiv:1604.01685")
class Cityscapes(SplitFolders):
    """Cityscapes, finely labelled: 19 classes of streets.

    Args:
        root: the folder that holds `gtFine` and `leftImg8bit`; else `$SEGABLATE_DATA/cityscapes`.
    """

    splits = SPLITS
    endings = ENDINGS
    default_fit = "train"
    default_score = "val"

    def __init__(self, *, root: str | None = None) -> None:
        folder = root_of("cityscapes", root, LAYOUT)
        made = any(folder.glob(f"gtFine/*/*/*{TRAIN_IDS}"))
        self._ending = LABEL_IDS if not made or any(folder.glob(f"gtFine/*/*/*{LABEL_IDS}")) else TRAIN_IDS
        remap = _train_ids() if self._ending == LABEL_IDS else None
        super().__init__(folder, CLASSES, VOID, as_palette(COLOURS), remap=remap)

    def _places(self, split: str) -> tuple[Path, Path]:
        return self.root / "gtFine" / split, self.root / "leftImg8bit" / split

    def _find(self, folder: Path, what: str) -> dict[str, str]:
        return below(folder, IMAGE if what == "images" else self._ending, what)

    def _no_images(self) -> str:
        return "images lie in `leftImg8bit`, beside `gtFine`"


def _train_ids() -> np.ndarray:
    table = np.full(max(IDS) + 1, VOID, np.uint16)
    table[list(IDS)] = range(len(IDS))
    return table
