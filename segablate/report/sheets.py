"""The picture sheets of a page, as data: label maps side by side, with the colours of their classes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Scene:
    """One image of a comparison: (height, width) label maps and the image itself.

    Attributes:
        name: name of the image.
        share: how many of the scored pixels the variants do not agree about, a fraction.
        image: (height, width, 3) uint8; None where it was not kept.
        truth: the label map.
        predicted: a label map for each of the sheet's variants.
    """

    name: str
    share: float
    image: np.ndarray | None = field(repr=False)
    truth: np.ndarray = field(repr=False)
    predicted: tuple[np.ndarray, ...] = field(repr=False)


@dataclass(frozen=True)
class Contrast:
    """Image, truth and what each variant says of it, and where they differ.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        classes: names of the classes.
        palette: their colours, (classes, 3) uint8.
        variants: labels of the columns.
        scenes: the images, those first on which variants differ most.
    """

    name: str
    caption: str
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    variants: tuple[str, ...]
    scenes: tuple[Scene, ...]


@dataclass(frozen=True)
class Strip:
    """One label map of a sheet: uint8 or uint16 arrays of one shape (height, width).

    Attributes:
        name: name of the image.
        miou: mIoU of this image, a fraction.
        truth: the label map.
        restored: what came back.
    """

    name: str
    miou: float
    truth: np.ndarray = field(repr=False)
    restored: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """Label maps before and after, one below the other.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        classes: names of the classes.
        palette: their colours, (classes, 3) uint8.
        strips: the label maps, the worst first.
    """

    name: str
    caption: str
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    strips: tuple[Strip, ...]
