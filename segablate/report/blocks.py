"""The pieces of a page, as data: nothing here is drawn or written yet.

All text is plain. Whoever writes a format escapes what that format takes for markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from segablate.report.figures import Picture


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        bold: whether it is marked as the best.
        note: number of the footnote it points to; 0 for none.
        code: whether it is a literal.
        hover: what stands behind it (interval, n), for formats that can show it when asked.
        link: the file that it points to, for formats that can point; "" for none.
    """

    text: str
    bold: bool = False
    note: int = 0
    code: bool = False
    hover: str = ""
    link: str = ""


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

    @property
    def prose(self) -> bool:
        """Whether there are no numbers in it: its columns are as wide as sentences."""
        return self.words == len(self.head)


@dataclass(frozen=True)
class Caveat:
    """A doubt, and what would remove it."""

    doubt: str
    remedy: str


@dataclass(frozen=True)
class Text:
    """A paragraph; `lead` is set in bold before it, and `bold` is all of it."""

    text: str
    lead: str = ""
    bold: bool = False


@dataclass(frozen=True)
class Bullets:
    """Sentences, one an item."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """A picture by the name of its file below the report; its caption stands below it if `captioned`."""

    file: str
    caption: str
    captioned: bool = True


@dataclass(frozen=True)
class Caveats:
    """Caveats, each with its remedy."""

    items: tuple[Caveat, ...]


@dataclass(frozen=True)
class Command:
    """A line for a shell."""

    line: str


Block: TypeAlias = Text | Bullets | Table | Image | Caveats | Command


@dataclass(frozen=True)
class Section:
    """What stands below a heading; without a title it stands where it is.

    Attributes:
        title: the heading.
        blocks: what stands below it.
        folded: whether it is shown only when it is asked for.
    """

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


@dataclass(frozen=True)
class Numbers:
    """All numbers in long form: one row a number, with its unit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Page:
    """A report as data.

    Attributes:
        name: the study's.
        title: its question, or its name.
        answer: what was found, in two sentences at most.
        sections: all that it says, in order; those that are not folded are read in half a minute.
        claims: the table of claims; None where nothing is claimed.
        main: the main table; None where nothing was measured.
        pictures: every picture of it, to be drawn.
        numbers: all samples.
    """

    name: str
    title: str
    answer: tuple[str, ...]
    sections: tuple[Section, ...]
    claims: Table | None
    main: Table | None
    pictures: tuple[Picture, ...]
    numbers: Numbers
