"""A table cut so that it fits on a page: nothing is lost, and what says nothing stands below it once.

variant │ a: x  a: y │ b: x  b: y │ …      ─►      variant │   a   │   b       variant │ …
                                                           │ x   y │ x   y
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from segablate.report.blocks import Cell, Table
from segablate.report.breaks import NARROW, headings, lines, widest

GAP = 2
# of the width, for the columns of words together
SHARE = 0.5
SKIPPED = "skipped"
PARTED = ": "


@dataclass(frozen=True)
class Panel:
    """A part of a table.

    Attributes:
        spans: what stands above so many of the columns of numbers; "" where nothing does.
        table: its columns and rows; headings have line breaks, and words too.
    """

    spans: tuple[tuple[str, int], ...]
    table: Table

    @property
    def width(self) -> int:
        """How many characters its longest line may have."""
        columns = range(len(self.table.head))
        return sum(widest([self.table.head[at], *_texts(self.table, at)]) + GAP for at in columns) - GAP


def panels(table: Table, width: int, tall: int) -> list[Panel]:
    """Cut a table by what its headings have in common before a colon, then by columns, then by rows.

    Args:
        table: any table.
        width: how many characters a line may have.
        tall: how many lines there may be below the heading.
    """
    whole = _broken(_without_constants(table), width)
    chunks = _chunks(whole, width) or [[]]
    return [Panel(_spans(whole, chunk), part) for chunk in chunks for part in _parts(whole, chunk, tall)]


def _without_constants(table: Table) -> Table:
    """Words that are the same in every row are said below, once."""
    same = [
        at
        for at in range(1, min(table.words, len(table.head)))
        if len(table.rows) > 1 and len({(row[at].text, row[at].note) for row in table.rows}) == 1
        if not table.rows[0][at].note
    ]
    kept = [at for at in range(len(table.head)) if at not in same]
    return replace(
        table,
        head=tuple(table.head[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
        words=table.words - len(same),
        below=(*table.below, *(f"{table.head[at]}: {table.rows[0][at].text}" for at in same)),
    )


def _broken(table: Table, width: int) -> Table:
    """With line breaks in the words, so that numbers have their share of the width."""
    count = min(table.words, len(table.head))
    numbers = _wide(table, range(count, len(table.head))) + GAP
    room = max(int(width * SHARE), width - numbers)
    texts = [[*table.head[at].split(), *_texts(table, at)] for at in range(count)]
    wide = _shared([max(NARROW, widest(one)) for one in texts], room)
    heads = [lines(head, most) for head, most in zip(table.head, wide, strict=False)]
    rows = [_row(row, wide) for row in table.rows]
    return replace(table, head=(*heads, *table.head[count:]), rows=tuple(rows), words=count)


def _row(row: tuple[Cell, ...], wide: Sequence[int]) -> tuple[Cell, ...]:
    words = [replace(cell, text=lines(cell.text, most)) for cell, most in zip(row, wide, strict=False)]
    return (*words, *row[len(wide) :])


def _shared(wide: Sequence[int], width: int) -> list[int]:
    """Widths of columns with that much for all of them: the widest give way first."""
    most = max(wide, default=0)
    while most > NARROW and sum(min(one, most) + GAP for one in wide) > width:
        most -= 1
    return [min(one, most) for one in wide]


def _group(head: str) -> str:
    return head.partition(PARTED)[0] if PARTED in head else ""


def _chunks(table: Table, width: int) -> list[list[int]]:
    """Columns of numbers that fit beside the words, groups together where they can be."""
    left = width - sum(widest([table.head[at], *_texts(table, at)]) + GAP for at in range(table.words))
    numbers = range(table.words, len(table.head))
    groups = [list(group) for _, group in groupby(numbers, key=lambda at: _group(table.head[at]) or at)]
    chunks: list[list[int]] = []
    for group in groups:
        if _wide(table, group) <= left:
            if chunks and _wide(table, [*chunks[-1], *group]) <= left:
                chunks[-1] += group
            else:
                chunks.append(group)
            continue
        chunks.append([])
        for at in group:
            if chunks[-1] and _wide(table, [*chunks[-1], at]) > left:
                chunks.append([])
            chunks[-1].append(at)
    return chunks


def _texts(table: Table, at: int) -> list[str]:
    return [row[at].text + str(row[at].note or "") for row in table.rows]


def _heads(table: Table, chunk: Sequence[int]) -> list[str]:
    """Headings below their spans, broken."""
    texts = [_texts(table, at) for at in chunk]
    bare = [table.head[at].partition(PARTED)[2] or table.head[at] for at in chunk]
    return headings(bare, list(zip(*texts, strict=True)))


def _wide(table: Table, chunk: Sequence[int]) -> int:
    heads = _heads(table, chunk)
    columns = [widest([head, *_texts(table, at)]) + GAP for head, at in zip(heads, chunk, strict=True)]
    return sum(columns) - GAP


def _spans(table: Table, chunk: Sequence[int]) -> tuple[tuple[str, int], ...]:
    groups = groupby(chunk, key=lambda at: _group(table.head[at]))
    return tuple((name, len(list(group))) for name, group in groups)


def _parts(table: Table, chunk: Sequence[int], tall: int) -> Iterator[Table]:
    """The rows of a chunk that say something, cut into parts of about the same size."""
    silent = [row for row in table.rows if chunk and all(row[at].text == SKIPPED for at in chunk)]
    rows = [row for row in table.rows if row not in silent] or list(table.rows)
    why = Counter(row[chunk[0]].note for row in silent) if len(rows) < len(table.rows) else Counter()
    more = tuple(f"{count} more {table.notes[note - 1]}" for note, count in why.items() if note)
    head = (*table.head[: table.words], *_heads(table, chunk))
    kept = [*range(table.words), *chunk]
    for part in _cut(rows, tall):
        yield _noted(replace(table, head=head, rows=tuple(tuple(row[i] for i in kept) for row in part)), more)


def _cut(rows: Sequence[tuple[Cell, ...]], tall: int) -> list[list[tuple[Cell, ...]]]:
    """Rows in as few parts of at most `tall` lines as there can be, and those about equally tall."""
    fewest = len(_filled(rows, tall))
    return next(cut for most in range(1, tall + 1) if len(cut := _filled(rows, most)) == fewest)


def _filled(rows: Sequence[tuple[Cell, ...]], most: int) -> list[list[tuple[Cell, ...]]]:
    parts: list[list[tuple[Cell, ...]]] = [[]]
    left = most
    for row in rows:
        own = max(cell.text.count("\n") + 1 for cell in row)
        if parts[-1] and own > left:
            parts.append([])
            left = most
        parts[-1].append(row)
        left -= own
    return parts


def _noted(table: Table, more: tuple[str, ...]) -> Table:
    """With the footnotes that its own cells point to, numbered anew."""
    used = list(dict.fromkeys(cell.note for row in table.rows for cell in row if cell.note))

    def numbered(cell: Cell) -> Cell:
        return replace(cell, note=used.index(cell.note) + 1) if cell.note else cell

    return replace(
        table,
        rows=tuple(tuple(map(numbered, row)) for row in table.rows),
        notes=tuple(table.notes[note - 1] for note in used),
        below=(*table.below, *more),
    )
