"""Which columns of a table a terminal has room for.

A column in which every row says the same tells least and goes first, then the last column of the measure
that has most of them: a measure's first metric is the one it is about.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Sequence

GAP = 2


def room() -> int | None:
    """Columns of text that the terminal on stdout is wide; None where it is none: a file takes any width."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitting(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int, width: int | None
) -> list[int]:
    """The columns to show, in their order.

    Args:
        heads: of the columns; `measure: metric` where there are several measures.
        rows: texts of the cells.
        words: how many columns at the left name a row: they stay, and so does the first one after them.
        width: how wide the table may be; None for any width.
    """
    kept = list(range(len(heads)))
    wide = [max(len(line[at]) for line in [heads, *rows]) for at in kept]
    while width is not None and len(kept) > words + 1 and _total(wide, kept) > width:
        kept.remove(_least(heads, rows, kept[words:]))
    return kept


def _total(wide: Sequence[int], kept: Sequence[int]) -> int:
    return sum(wide[at] for at in kept) + GAP * (len(kept) - 1)


def _least(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> int:
    """The column that is missed least; never the first."""
    same = [at for at in numbers[1:] if len(rows) > 1 and len({row[at] for row in rows}) == 1]
    if same:
        return same[-1]
    measures = [heads[at].partition(": ")[0] if ": " in heads[at] else "" for at in numbers]
    count = Counter(measures)
    most = max(count.values())
    return max(at for at, measure in zip(numbers, measures, strict=True) if count[measure] == most)
