"""The pictures of a page, as data: what is on which axis, and all values in their stored units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np


@dataclass(frozen=True)
class Curve:
    """One line of a figure.

    Attributes:
        label: its name, written at its end.
        style: lines with the same word share the line style.
        marker: lines with the same word share the marker.
        colour: lines with the same word share the colour.
        x: positions; empty for a line across the whole figure.
        y: stored values, as many as `x`, or one.
    """

    label: str
    style: str
    marker: str
    colour: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Figure:
    """Curves.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what is on the vertical axis.
        x_label: what is on the horizontal axis.
        curves: the lines.
        scale: of the vertical axis: by what is lost to 100 %, logarithmic, or linear.
        heading: what is on the vertical axis, in words, where it is not the metric itself.
        linear: whether the horizontal axis is linear and not logarithmic.
        printed: values of the paper, drawn across the figure, each with its name.
    """

    name: str
    caption: str
    metric: str
    x_label: str
    curves: tuple[Curve, ...]
    scale: Literal["lost", "log", "linear"] = "linear"
    heading: str = ""
    linear: bool = False
    printed: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar of a picture: its name and a stored value for each part."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Bars:
    """Stacked bars: the parts of what is added up, the bars from top to bottom."""

    name: str
    caption: str
    metric: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Point:
    """One variant in a plane of two metrics, in stored units.

    Attributes:
        label: the variant.
        x: value of the horizontal metric.
        y: value of the vertical metric.
        x_interval: its interval; None where one sample is all there is.
        y_interval: likewise.
        baseline: whether it is the variant that others are compared with.
        front: whether no other variant is at least as good in both and better in one.
        n: how many samples, in words.
        named: whether its name is written beside it.
    """

    label: str
    x: float
    y: float
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None
    baseline: bool = False
    front: bool = False
    n: str = ""
    named: bool = True


@dataclass(frozen=True)
class Scatter:
    """Variants in a plane of two metrics, with the front joined."""

    name: str
    caption: str
    x_metric: str
    y_metric: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Row:
    """A value by its name, in the stored unit, or a ratio.

    Attributes:
        label: its name.
        value: the value, difference or ratio.
        interval: its interval; None where there is none.
        kind: a verdict; "" for none.
        n: how many samples, in words.
        beyond: it is so far from all others that a scale that shows it would hide them.
    """

    label: str
    value: float
    interval: tuple[float, float] | None = None
    kind: str = ""
    n: str = ""
    beyond: bool = False


@dataclass(frozen=True)
class Rows:
    """Values one below the other, with intervals.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what they are of.
        rows: from top to bottom.
        form: values; differences to something, with the margin that does not matter; or the parts of one
            difference, as bars that add up to it.
        against: what they are differences to.
        margin: half the width of the shaded band around no difference.
        ratio: whether they are ratios.
    """

    name: str
    caption: str
    metric: str
    rows: tuple[Row, ...]
    form: Literal["values", "differences", "parts"] = "values"
    against: str = "the baseline"
    margin: float = 0.0
    ratio: bool = False


@dataclass(frozen=True)
class Strip:
    """Panels of one image, all of one height and width.

    Attributes:
        title: the image, and what is to be said of it.
        truth: (height, width) label map; where it is no class nothing is scored, and panels are grey.
        panels: (height, width) label maps, (height, width, 3) uint8 images, or bool: black where true.
    """

    title: str
    truth: np.ndarray = field(repr=False)
    panels: tuple[np.ndarray, ...] = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """Label maps side by side, an image a strip.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        heads: names of the columns.
        classes: names of the classes.
        palette: their colours, (classes, 3) uint8.
        strips: the images.
    """

    name: str
    caption: str
    heads: tuple[str, ...]
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    strips: tuple[Strip, ...]


Drawing: TypeAlias = Figure | Bars | Scatter | Rows
Picture: TypeAlias = Drawing | Sheet


def front(points: Sequence[tuple[float, float]], *, x_sign: int, y_sign: int) -> list[bool]:
    """Which points no other point dominates; signs are +1 where more is better and −1 where less is.

    O(n²), which is nothing for the variants of a study.
    """
    turned = [(x_sign * x, y_sign * y) for x, y in points]
    return [
        not any(other[0] >= point[0] and other[1] >= point[1] and other != point for other in turned)
        for point in turned
    ]
