"""The results in long form: one line a number, with its unit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

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
    rows = []
    for record in records:
        chosen = [record.choices.get(axis, "") for axis in axes]
        for line in _lines(record):
            cells = {**_about(record), **line}
            rows.append(tuple(str(cell) for cell in (*(cells.get(name, "") for name in COLUMNS), *chosen)))
    return Numbers((*COLUMNS, *axes), tuple(rows))


def written(told: Numbers) -> str:
    """The rows as RFC 4180 has them, but for line feeds alone at the ends of lines."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([quoted(cell) for cell in row] for row in (told.columns, *told.rows))
    return out.getvalue()


def quoted(cell: str) -> str:
    """The cell so that no spreadsheet runs it: a tick before what begins like a formula and is no number."""
    return f"'{cell}" if FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def unquoted(cell: str) -> str:
    """What `quoted` was given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _about(record: Record) -> dict[str, Any]:
    return {
        "variant": record.variant,
        "baseline": str(record.baseline).lower(),
        "measure": record.measure,
        "seed": record.seed,
        "state": record.state,
        "images": record.facts.get("images", ""),
        "key": record.outcome.key if record.outcome else "",
        "reason": "" if record.done else record.reason,
    }


def _lines(record: Record) -> Iterator[dict[str, Any]]:
    if not record.done or record.outcome is None:
        yield {}
        return
    for taken in record.outcome.measurements:
        for number, sample in enumerate(taken.samples):
            yield {
                "metric": taken.metric,
                "sample": number,
                "value": repr(sample),
                "unit": _unit(taken.metric),
            }
    names = record.facts.get("class_names", ())
    for index, score in sorted(record.facts.get("per_class_iou", {}).items(), key=lambda item: int(item[0])):
        name = names[int(index)] if int(index) < len(names) else index
        yield {"metric": "iou", "class": name, "sample": 0, "value": repr(float(score)), "unit": _unit("iou")}


def _unit(metric: str) -> str:
    what = quantity(metric)
    return what.unit or ("fraction" if what.shown_unit == "%" else "1")
