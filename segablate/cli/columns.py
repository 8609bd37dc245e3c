"""Which columns of a table there is room for, and how their texts are broken.

A column in which every row says the same tells least and goes first, then the last one: a measure's first
metric is the one it is about.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

# a heading is broken to be no wider than its numbers, or this
NARROW = 11
GAP = 2
# off a terminal: what a page of text, a log or a mail takes
PAGE = 100
# of the width, for the names of the rows
SHARE = 0.45


def room() -> int:
    """Columns of text that the terminal on stdout is wide, or a page of text where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PAGE


def broken(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int, width: int
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows with line breaks: headings as narrow as their numbers, names in their share.

    Args:
        heads: of the columns.
        rows: texts of the cells.
        words: how many columns at the left name a row.
        width: how wide the table may be.
    """
    share = max(NARROW, int(width * SHARE))
    named = [lines(head, share) for head in heads[:words]]
    numbers = headings(heads[words:], [row[words:] for row in rows])
    return named + numbers, [
        [lines(cell, share, "  ") for cell in row[:words]] + list(row[words:]) for row in rows
    ]


def fitting(heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int, width: int) -> list[int]:
    """The columns to show, in their order.

    Args:
        heads: of the columns, broken into lines.
        rows: texts of the cells, likewise.
        words: how many columns at the left name a row: they stay, and so does the first one after them.
        width: how wide the table may be.
    """
    shown = list(range(len(heads)))
    wide = [widest([row[at] for row in [heads, *rows]]) for at in shown]
    while len(shown) > words + 1 and sum(wide[at] + GAP for at in shown) - GAP > width:
        shown.remove(_least(rows, shown[words:]))
    return shown


def _least(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> int:
    """The column that is missed least; never the first."""
    same = [at for at in numbers[1:] if len(rows) > 1 and len({row[at] for row in rows}) == 1]
    return same[-1] if same else numbers[-1]


def lines(text: str, width: int, indent: str = "", *, whole: bool = False) -> str:
    """A text broken into lines; `indent` is before all but the first, and `whole` leaves every word whole."""
    wrapped = textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=not whole, break_on_hyphens=not whole
    )
    return "\n".join(wrapped) or text


def headings(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Headings of columns of numbers, broken between words."""
    wide = [max((len(row[at]) for row in rows), default=0) for at in range(len(heads))]
    return [lines(head, max(NARROW, most), whole=True) for head, most in zip(heads, wide, strict=True)]


def widest(texts: Sequence[str]) -> int:
    """Characters of the longest line of some texts."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)
