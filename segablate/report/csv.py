"""The results in long form: one line a number, with its unit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from segablate.quantity import quantity
from segablate.report.blocks import Numbers
from segablate.report.data import Record

COLUMNS = (
    "variant",
    "baseline",
    "measure",
    "seed",
    "state",
    "metric",
    "class",
    "sample",
    "value",
    "unit",
    "images",
    "key",
    "reason",
)


# what makes a spreadsheet take a text for a formula; ticks before it are ours, or a text's own
FORMULA = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|nan)")


def numbers(records: Sequence[Record]) -> Numbers:
    """All samples and per-class scores; a cell without numbers has one row that tells why.

    Scores are fractions. The columns after the fixed ones are the study's axes.
    """
    axes = sorted({field for record in records for field in record.choices})
    rows: list[tuple[str, ...]] = []
    for record in records:
        before, after = _about(record)
        after = (*after, *(record.choices.get(axis, "") for axis in axes))
        rows += ((*before, *line, *after) for line in _lines(record))
    return Numbers((*COLUMNS, *axes), tuple(rows))


def written(numbers: Numbers) -> str:
    """The rows as RFC 4180 has them, but for line feeds alone at the ends of lines."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = (numbers.columns, *numbers.rows)
    # most cells stand in many rows, and few begin like a formula
    ticked = {cell: changed for cell in set(chain(*rows)) if (changed := quoted(cell)) != cell}
    writer.writerows([ticked.get(cell, cell) for cell in row] for row in rows)
    return out.getvalue()


def quoted(cell: str) -> str:
    """The cell so that no spreadsheet runs it: a tick before what begins like a formula and is no number."""
    return f"'{cell}" if FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def unquoted(cell: str) -> str:
    """What `quoted` was given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _about(record: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What all rows of a record have before `metric`, and after `unit`."""
    flag = str(record.baseline).lower()
    key = record.outcome.key if record.outcome else ""
    return (
        (record.variant, flag, record.measure, str(record.seed), record.state),
        (str(record.facts.get("images", "")), key, "" if record.done else record.reason),
    )


def _lines(record: Record) -> Iterator[tuple[str, str, str, str, str]]:
    """Metric, class, sample, value and unit of each number."""
    if not record.done or record.outcome is None:
        yield ("",) * 5
        return
    for taken in record.outcome.measurements:
        unit = _unit(taken.metric)
        for number, sample in enumerate(taken.samples):
            yield taken.metric, "", str(number), repr(sample), unit
    names, unit = record.facts.get("class_names", ()), _unit("iou")
    for index, score in sorted(record.facts.get("per_class_iou", {}).items(), key=lambda item: int(item[0])):
        name = str(names[int(index)]) if int(index) < len(names) else index
        yield "iou", name, "0", repr(float(score)), unit


@cache
def _unit(metric: str) -> str:
    what = quantity(metric)
    return what.unit or ("fraction" if what.shown_unit == "%" else "1")
