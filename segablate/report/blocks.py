"""The pieces of a page, as data: nothing here is drawn or written yet.

All text is plain. Whoever writes a format escapes what that format takes for markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        bold: whether it is marked as the best.
        note: number of the footnote it points to; 0 for none.
        code: whether it is a literal.
        hover: what stands behind it (interval, n), for formats that can show it when asked.
    """

    text: str
    bold: bool = False
    note: int = 0
    code: bool = False
    hover: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its footnotes.

    Attributes:
        head: headings of the columns.
        rows: cells, as many a row as there are headings.
        words: how many of the first columns are words, set flush left; the others are numbers.
        notes: footnotes; the first is number 1.
        below: sentences that belong under it.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 1
    notes: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Titled:
    """A table with a heading of its own."""

    title: str
    table: Table


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
    """

    label: str
    kind: str
    value: float
    interval: tuple[float, float] | None
    n: str


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
    """

    name: str
    caption: str
    metric: str
    ratio: bool
    level: float
    margin: float
    effects: tuple[Effect, ...]


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


@dataclass(frozen=True)
class Caveat:
    """A doubt, and what would remove it."""

    doubt: str
    remedy: str


@dataclass(frozen=True)
class Published:
    """Published values beside measured ones: where they are from, and the table."""

    source: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Numbers:
    """All numbers in long form: one row a number, with its unit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Picture: TypeAlias = Figure | Bars | Scatter | Effects | Dots | Spans


@dataclass(frozen=True)
class Page:
    """A report as data."""

    name: str
    question: str
    expect: str
    cite: str
    answer: tuple[str, ...]
    results: Table
    more: tuple[Titled, ...]
    figures: tuple[Picture, ...]
    caveats: tuple[Caveat, ...]
    protocol: tuple[str, ...]
    settings: Table
    published: Published | None
    per_class: Table | None
    sheets: tuple[Sheet, ...]
    contrasts: tuple[Contrast, ...]
    unmeasured: Table | None
    environment: Table
    command: str
    study_file: str
    numbers: Numbers
