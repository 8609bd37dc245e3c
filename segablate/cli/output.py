"""What goes to stdout: one JSON document, or a table a person reads. Talk goes to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from segablate.cli import columns
from segablate.cli.columns import lines, widest
from segablate.records import SCHEMA
from segablate.report.words import visible


def say(text: str) -> None:
    """A line of talk, on stderr."""
    print(visible(text), file=sys.stderr)


def show(text: str = "") -> None:
    """Print on stdout what a person reads: nothing in it is an order to the terminal."""
    print(visible(text))


def paragraph(text: str, indent: str = "") -> None:
    """Print a text: on a terminal in lines that there is room for, elsewhere in one line, to be searched.

    Args:
        text: of any length.
        indent: before all lines but the first.
    """
    show(lines(text, columns.room(), indent, whole=True) if sys.stdout.isatty() else text)


def document(content: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout, with the schema; a number that is not finite becomes null."""
    text = json.dumps(_plain({"schema": SCHEMA, **content}), indent=2, ensure_ascii=False, allow_nan=False)
    print(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print rows under their heads, columns aligned; `right` are the columns flush right.

    A text may have line breaks: headings stand on their last line, cells hang from their first.
    """
    heads, rows = [visible(head) for head in heads], [[visible(cell) for cell in row] for row in rows]
    widths = [widest([line[i] for line in [heads, *rows]]) for i in range(len(heads))]
    _row(heads, widths, right, above=True)
    for line in rows:
        _row(line, widths, right)


def fitted(heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> int:
    """Print a table with the columns that there is room for.

    Args:
        heads: of the columns, those first that are missed most.
        rows: texts of the cells.
        words: how many columns at the left name a row.

    Returns:
        How many columns were left out.
    """
    width = columns.room()
    heads, texts = columns.broken(heads, rows, words=words, width=width)
    shown = columns.fitting(heads, texts, words=words, width=width)
    cut = [[row[at] for at in shown] for row in texts]
    table([heads[at] for at in shown], cut, right=range(words, len(shown)))
    return len(heads) - len(shown)


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[int], above: bool = False) -> None:
    parts = [cell.split("\n") for cell in cells]
    height = max(len(part) for part in parts)
    blank = [[""] * (height - len(part)) for part in parts]
    filled = [gap + part if above else part + gap for part, gap in zip(parts, blank, strict=True)]
    for at in range(height):
        texts = [
            part[at].rjust(width) if i in right else part[at].ljust(width)
            for i, (part, width) in enumerate(zip(filled, widths, strict=True))
        ]
        print("  ".join(texts).rstrip())
