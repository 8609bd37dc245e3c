"""The pieces of a page, as data: nothing here is drawn or written yet.

All text is plain. Whoever writes a format escapes what that format takes for markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        bold: whether it is marked as the best.
        note: number of the footnote it points to; 0 for none.
        code: whether it is a literal.
    """

    text: str
    bold: bool = False
    note: int = 0
    code: bool = False


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
class Page:
    """A report as data."""

    name: str
    question: str
    expect: str
    cite: str
    answer: tuple[str, ...]
    results: Table
    more: tuple[Titled, ...]
    figures: tuple[Figure | Bars, ...]
    caveats: tuple[Caveat, ...]
    protocol: tuple[str, ...]
    settings: Table
    published: Published | None
    per_class: Table | None
    sheets: tuple[Sheet, ...]
    unmeasured: Table | None
    environment: Table
    command: str
    study_file: str
