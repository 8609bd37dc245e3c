"""The pieces of a page, as data: nothing here is drawn or written yet.

All text is plain. Whoever writes a format escapes what that format takes for markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from segablate.report.figures import Picture
from segablate.report.sheets import Contrast, Sheet


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


@dataclass(frozen=True)
class Page:
    """A report as data."""

    name: str
    question: str
    expect: str
    cite: str
    answer: tuple[str, ...]
    claims: Table | None
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
