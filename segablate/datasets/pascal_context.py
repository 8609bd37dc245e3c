"""PASCAL-Context: every pixel of VOC 2010's images, 59 classes and background.

    VOC2010/
      ImageSets/SegmentationContext/{train,val}.txt    4,998 and 5,105 stems
      SegmentationClassContext/*.png                   0 is background, 1…59 are the classes
      JPEGImages/*.jpg

That is what MMSegmentation's converter makes of the annotations with the Detail API. Its numbers follow
those of the 459 original classes, which are in the order of the alphabet: a television is 55. The list
of 59 names on the data set's page has another order, VOC's twenty first; label maps numbered so are
read right, but under wrong names.

Mottaghi et al., The role of context for object detection and semantic segmentation in the wild, 2014.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from segablate.datasets.base import datasets
from segablate.datasets.devkit import Devkit
from segablate.datasets.palettes import voc_palette
from segablate.datasets.roots import Layout, root_of

CLASSES = (
    "background", "aeroplane", "bag", "bed", "bedclothes", "bench", "bicycle", "bird", "boat", "book",
    "bottle", "building", "bus", "cabinet", "car", "cat", "ceiling", "chair", "cloth", "computer", "cow",
    "cup", "curtain", "dog", "door", "fence", "floor", "flower", "food", "grass", "ground", "horse",
    "keyboard", "light", "motorbike", "mountain", "mouse", "person", "plate", "platform", "potted-plant",
    "road", "rock", "sheep", "shelves", "sidewalk", "sign", "sky", "snow", "sofa", "table", "track",
    "train", "tree", "truck", "tv-monitor", "wall", "water", "window", "wood",
)  # fmt: skip
LISTS = "ImageSets/SegmentationContext"
LABELS = "SegmentationClassContext"
LAYOUT = Layout(
    expects=(LISTS, LABELS),
    folders=("pascal-context", "VOCdevkit/VOC2010", "VOC2010", "pascal_context"),
    inside=("", "VOC2010", "VOCdevkit/VOC2010"),
    source=(
        "MMSegmentation's `tools/dataset_converters/pascal_context.py` makes it "
        "from VOC 2010 and `trainval_merged.json`"
    ),
)


@datasets.register("pascal-context", paper="Mottaghi et al., CVPR 2014")
class PascalContext(Devkit):
    """PASCAL-Context: things and stuff of VOC 2010's images, 59 classes with or without background.

    Args:
        root: the folder that holds `SegmentationClassContext`; else it is looked for below $SEGABLATE_DATA.
        classes: 60 counts background as a class, 59 ignores it.
    """

    def __init__(self, *, root: str | None = None, classes: Literal[59, 60] = 60) -> None:
        first = 60 - classes
        super().__init__(
            root_of("pascal-context", root, LAYOUT),
            LISTS,
            LABELS,
            CLASSES[first:],
            voc_palette(60)[first:],
            settings=classes,
            remap=np.array([255, *range(59)], np.uint16) if first else None,
        )
