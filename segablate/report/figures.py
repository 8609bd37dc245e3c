"""The figures of a page, as data: what is on which axis, and all values in their stored units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


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
    """A picture as data.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what is on the vertical axis.
        x_label: what is on the horizontal axis, which is logarithmic.
        curves: the lines.
        heading: what is on the vertical axis, in words, where it is not the metric itself.
    """

    name: str
    caption: str
    metric: str
    x_label: str
    curves: tuple[Curve, ...]
    heading: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar of a picture: its name and a stored value for each part."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Bars:
    """Stacked bars as data.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what is added up.
        parts: names of the parts of every bar.
        bars: the bars, from top to bottom.
    """

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
    """

    label: str
    x: float
    y: float
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None
    baseline: bool = False
    front: bool = False
    n: str = ""


@dataclass(frozen=True)
class Scatter:
    """Variants in a plane of two metrics, with the front joined.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        x_metric: what is on the horizontal axis.
        y_metric: what is on the vertical axis.
        points: the variants, in the study's order.
    """

    name: str
    caption: str
    x_metric: str
    y_metric: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Effect:
    """One variant's difference to the baseline, or ratio, in the stored unit.

    Attributes:
        label: the variant.
        kind: better, worse, equivalent or undecided.
        value: the difference or ratio.
        interval: its interval; None where there is none.
        n: how many samples, in words.
        beyond: it is so far from all others that a scale that shows it would hide them.
    """

    label: str
    kind: str
    value: float
    interval: tuple[float, float] | None
    n: str
    beyond: bool = False


@dataclass(frozen=True)
class Effects:
    """Differences to the baseline with their intervals and the margin that does not matter.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what differs.
        ratio: whether values are variant / baseline.
        level: confidence of the intervals.
        margin: half the width of the shaded band around no difference.
        effects: the variants, from top to bottom.
        against: what they are differences to.
    """

    name: str
    caption: str
    metric: str
    ratio: bool
    level: float
    margin: float
    effects: tuple[Effect, ...]
    against: str = "the baseline"


@dataclass(frozen=True)
class Series:
    """One variant's values of a dot plot; None where it has none."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Dots:
    """Values by row, a marker a variant.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what is on the horizontal axis.
        rows: names of the rows, from top to bottom.
        series: the variants, at most as many as there are markers.
    """

    name: str
    caption: str
    metric: str
    rows: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Span:
    """A stored value of a picture with its interval; None where there is none."""

    label: str
    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Spans:
    """Values with intervals as data.

    Attributes:
        name: stem of its file.
        caption: what it shows, in a sentence.
        metric: what is on the horizontal axis.
        spans: the values, from top to bottom.
    """

    name: str
    caption: str
    metric: str
    spans: tuple[Span, ...]


Picture: TypeAlias = Figure | Bars | Scatter | Effects | Dots | Spans
