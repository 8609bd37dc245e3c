"""PASCAL VOC 2012, with or without the label maps of SBD, in VOCdevkit's layout.

    VOC2012/
      ImageSets/Segmentation/{train,val,trainval,train_aug}.txt
      SegmentationClass/      2,913 palette PNGs
      SegmentationClassAug/   12,031 with those of SBD
      JPEGImages/             read only when an image is asked for

Everingham et al., The PASCAL Visual Object Classes Challenge, 2010; Hariharan et al., Semantic contours
from inverse detectors, 2011.
"""

from __future__ import annotations

from typing import Literal

from segablate.datasets.base import datasets
from segablate.datasets.devkit import Devkit
from segablate.datasets.palettes import voc_palette
from segablate.datasets.roots import Layout, root_of
from segablate.errors import SegablateError

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "dining-table", "dog", "horse", "motorbike", "person", "potted-plant", "sheep", "sofa", "train",
    "tv-monitor",
)  # fmt: skip
LISTS = "ImageSets/Segmentation"
LAYOUT = Layout(
    expects=(LISTS,),
    folders=("voc2012", "VOCdevkit/VOC2012", "voc"),
    inside=("", "VOC2012", "VOCdevkit/VOC2012"),
    source=(
        "VOCtrainval_11-May-2012.tar is at http://host.robots.ox.ac.uk/pascal/VOC/voc2012, "
        "`SegmentationClassAug` and `train_aug.txt` come from SBD"
    ),
)


@datasets.register(paper="Everingham et al., IJCV 2010")
class Voc(Devkit):
    """PASCAL VOC 2012: 20 kinds of things and background.

    Args:
        root: the folder that holds `ImageSets/Segmentation`; else it is looked for below $SEGABLATE_DATA.
        labels: the folder of label maps: VOC's own, or those with SBD's, which are many more.
    """

    def __init__(
        self,
        *,
        root: str | None = None,
        labels: Literal["SegmentationClass", "SegmentationClassAug"] = "SegmentationClassAug",
    ) -> None:
        super().__init__(
            root_of("voc", root, LAYOUT), LISTS, labels, CLASSES, voc_palette(len(CLASSES)), settings=labels
        )
        self.default_fit = "train_aug" if labels == "SegmentationClassAug" else "train"
        if not (self.root / labels).is_dir():
            raise SegablateError(
                f"there is no folder `{labels}` here",
                where=str(self.root),
                hint=self._other(),
                field="labels",
            )

    def _other(self) -> str:
        other = ({"SegmentationClass", "SegmentationClassAug"} - {self.labels}).pop()
        if (self.root / other).is_dir():
            return f"there is `{other}`: say `labels: {other}`"
        return LAYOUT.source
