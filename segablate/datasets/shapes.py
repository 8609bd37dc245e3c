"""A generated street, for trying things out: no download, label maps and images from a number.

It has what makes label maps hard to give back from a coarse grid: poles one to three pixels wide, signs,
ragged trees, far cars and pedestrians of a few pixels beside near ones, and seams that have no class.
It does not have real texture, so a network's scores on it say little about any real data set.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from segablate.datasets import fingerprints
from segablate.datasets.base import Item, datasets
from segablate.datasets.drawing import draw_image, draw_labels
from segablate.datasets.palettes import as_palette
from segablate.datasets.scene_generator import VOID, Primitive, scene
from segablate.errors import SegablateError, near_miss

CLASSES = ("sky", "building", "fence", "pavement", "road", "tree", "pole", "sign", "car", "pedestrian")
COLOURS = (
    (70, 130, 180), (128, 64, 64), (190, 153, 153), (244, 35, 232), (128, 64, 128),
    (107, 142, 35), (192, 192, 128), (220, 220, 0), (0, 0, 142), (220, 20, 60),
)  # fmt: skip
SPLITS = ("train", "val", "test")
LEAST, MOST = 8, 4096
MOST_IMAGES = 100_000
DRAWING = 1  # raised when a drawn pixel changes


@datasets.register()
class Shapes:
    """Generated streets: the same numbers give the same pixels, and no two splits share a scene.

    Args:
        images: how many each split holds.
        size: height and width in pixels.
        seed: another seed is another data set.
    """

    classes = CLASSES
    ignore = VOID
    splits = SPLITS
    default_fit = "train"
    default_score = "val"

    def __init__(self, *, images: int = 48, size: tuple[int, int] = (256, 384), seed: int = 0) -> None:
        if not 1 <= images <= MOST_IMAGES:
            raise SegablateError(
                f"{images:,} images a split: there are between 1 and {MOST_IMAGES:,}", field="images"
            )
        if not all(LEAST <= side <= MOST for side in size):
            raise SegablateError(
                f"size {size[0]}×{size[1]}: both sides lie in {LEAST}…{MOST:,} pixels", field="size"
            )
        self.images = images
        self.size = size
        self.seed = seed
        self.palette = as_palette(COLOURS)

    def items(self, split: str) -> Sequence[Item]:
        """`images` items, called `train-00000` and so on."""
        if split not in SPLITS:
            raise SegablateError(f"there is no split `{split}`", hint=near_miss(split, SPLITS))
        return [Item(f"{split}-{index:05}", None, None) for index in range(self.images)]

    def label(self, item: Item) -> np.ndarray:
        """The label map, uint8 of shape `size`."""
        return draw_labels(self._generate(item)[0], *self.size)

    def image(self, item: Item) -> np.ndarray:
        """The image, uint8 of shape (*size, 3)."""
        primitives, random = self._generate(item)
        return draw_image(primitives, random, *self.size)

    def fingerprint(self, split: str) -> str:
        """A hash of the settings, and of the version of the drawing."""
        count = len(self.items(split))
        return fingerprints.of_text(f"shapes {DRAWING} {self.seed} {split} {count} {self.size}")

    def image_fingerprint(self, split: str) -> str:
        """A hash of the same: labels and images are drawn together."""
        return self.fingerprint(split)

    def _generate(self, item: Item) -> tuple[list[Primitive], Random]:
        # a text seeds by its SHA-512, the same in every process
        random = Random(f"{self.seed} {item.name} {self.size}")
        return scene(random, *self.size), random
