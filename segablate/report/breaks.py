"""Where texts are broken into lines, so that a table is no wider than it must be."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

# a heading is broken to be no wider than its numbers, or this
NARROW = 11


def lines(text: str, width: int, indent: str = "", *, whole: bool = False) -> str:
    """A text broken into lines; `indent` is before all but the first, and `whole` leaves every word whole."""
    found = textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=not whole, break_on_hyphens=not whole
    )
    return "\n".join(found) or text


def headings(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Headings of columns of numbers, broken between words."""
    wide = [max((len(row[at]) for row in rows), default=0) for at in range(len(heads))]
    return [lines(head, max(NARROW, most), whole=True) for head, most in zip(heads, wide, strict=True)]


def widest(texts: Sequence[str]) -> int:
    """Characters of the longest line of some texts."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)
