"""The table of results: one row a variant, one column a measure and metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.ceilings import STRIDE
from segablate.report.data import Record
from segablate.report.speeds import speeds
from segablate.report.spread import hover
from segablate.report.words import images, plain

TIMED = ("ms", "image/s")


@dataclass(frozen=True)
class Column:
    """A measure and one of its metrics."""

    measure: str
    metric: str

    @property
    def quantity(self) -> Quantity:
        """What the metric means."""
        return quantity(self.metric)


@dataclass
class Notes:
    """Footnotes, each told once."""

    texts: list[str] = field(default_factory=list)

    def number(self, text: str) -> int:
        """The number of a footnote; a new one if it has not been told yet."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def results(records: Sequence[Record], leaders: Collection[tuple[str, str, str]] = ()) -> Table:
    """The results of a study; a cell without numbers says why in a footnote.

    Args:
        records: of the study.
        leaders: variant, measure and metric of what is decidedly better than all others.
    """
    columns = _columns(records)
    variants = list(dict.fromkeys(record.variant for record in records))
    notes = Notes()
    rows = [
        [_cell(_rows_of(records, variant, column), column, notes) for column in columns]
        for variant in variants
    ]
    marked = _mark_best(records, variants, columns, rows)
    lead = _mark_leaders(leaders, variants, columns, marked)
    return Table(
        head=("variant", *(_heading(column, columns) + _where(records, column) for column in columns)),
        rows=tuple((_name(records, name), *row) for name, row in zip(variants, marked, strict=True)),
        notes=tuple(notes.texts),
        below=tuple(_below(records, columns, marked, lead)),
    )


def values(records: Iterable[Record], metric: str) -> list[float]:
    """Values of a metric, one an outcome: repeats that share an outcome count once."""
    outcomes = {record.outcome.key: record.outcome for record in records if record.done and record.outcome}
    return [outcome.value(metric) for outcome in outcomes.values()]


def _columns(records: Sequence[Record]) -> list[Column]:
    found: dict[Column, None] = {}
    for label in dict.fromkeys(record.measure for record in records):
        outcomes = [record.outcome for record in records if record.measure == label and record.outcome]
        metrics = dict.fromkeys(taken.metric for outcome in outcomes for taken in outcome.measurements)
        found.update(dict.fromkeys(Column(label, metric) for metric in metrics or [""]))
    return list(found)


def _heading(column: Column, columns: Sequence[Column]) -> str:
    if not column.metric:
        return column.measure
    several = len({one.measure for one in columns}) > 1
    return f"{column.measure}: {column.quantity.heading}" if several else column.quantity.heading


def _where(records: Sequence[Record], column: Column) -> str:
    """Times say in their heading what they were taken on, for they travel without their page."""
    devices = {one.device for one in speeds(records) if one.measure == column.measure}
    if not devices or column.quantity.unit not in TIMED:
        return ""
    return f", {devices.pop()}" if len(devices) == 1 else ", several devices"


def _name(records: Sequence[Record], variant: str) -> Cell:
    baseline = any(record.baseline for record in records if record.variant == variant)
    return Cell(f"{variant} (baseline)" if baseline and variant != "baseline" else variant)


def _rows_of(records: Iterable[Record], variant: str, column: Column) -> list[Record]:
    return [record for record in records if record.variant == variant and record.measure == column.measure]


def _cell(records: Sequence[Record], column: Column, notes: Notes) -> Cell:
    """The mean; with its range where outcomes differ; a short mark where there is no number."""
    known = [value for value in values(records, column.metric) if not math.isnan(value)]
    lost = [record for record in records if not record.done]
    note = notes.number(_why(lost)) if lost else 0
    if known:
        return Cell(_shown(known, column.quantity), note=note, hover=hover(records, column.metric))
    return Cell(lost[0].state if lost else "–", note=note)


def _why(lost: Sequence[Record]) -> str:
    reasons = list(dict.fromkeys(f"{record.state}: {' '.join(record.reason.split())}" for record in lost))
    return "; ".join(reasons)


def _shown(known: Sequence[float], what: Quantity) -> str:
    # several outcomes are several seeds, and verdicts are on their mean
    middle = what.shown(statistics.fmean(known))
    if len(known) == 1:
        return middle
    return f"{middle} ({what.shown(min(known))}…{what.shown(max(known))}, n = {len(known)})"


def _mark_best(
    records: Sequence[Record],
    variants: Sequence[str],
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
) -> list[list[Cell]]:
    marked = [list(row) for row in rows]
    given = {record.variant: record.given for record in records}
    wheres = {variant: (_stride(records, variant), given[variant]) for variant in variants}
    for at, column in enumerate(columns):
        for where in dict.fromkeys(wheres.values()):
            group = [i for i, variant in enumerate(variants) if wheres[variant] == where]
            best = _strictly_best(
                [_decided(_rows_of(records, variants[i], column), column) for i in group], column
            )
            if best is not None:
                row = group[best]
                marked[row][at] = replace(marked[row][at], bold=True)
    return marked


def _mark_leaders(
    leaders: Collection[tuple[str, str, str]],
    variants: Sequence[str],
    columns: Sequence[Column],
    marked: Sequence[list[Cell]],
) -> int:
    """Set the leaders in bold; gives their number."""
    places = [
        (variants.index(variant), columns.index(Column(measure, metric)))
        for variant, measure, metric in leaders
    ]
    for row, at in places:
        marked[row][at] = replace(marked[row][at], bold=True)
    return len(places)


def _decided(records: Sequence[Record], column: Column) -> float:
    """The value if nothing random went into it, else NaN: a winner by chance is none."""
    known = values(records, column.metric)
    exact = len(known) == 1 and all(record.exact for record in records if record.done)
    return known[0] if exact else math.nan


def _strictly_best(known: Sequence[float], column: Column) -> int | None:
    """Which value is best, also as shown; None where two cannot be told apart or only one is there."""
    sign = {"higher": 1.0, "lower": -1.0, "none": 0.0}[column.quantity.direction]
    order = sorted(
        (i for i, value in enumerate(known) if not math.isnan(value)), key=lambda i: -sign * known[i]
    )
    # fewest multiply-adds are a price, and no win by themselves
    if column.quantity.compared != "difference" or len(order) < 2:
        return None
    shown = [column.quantity.shown(known[i]) for i in order[:2]]
    return order[0] if shown[0] != shown[1] else None


def _stride(records: Iterable[Record], variant: str) -> str:
    """What the variant's output stride is, in the study's words or else in the cell's; "" if unknown."""
    for record in records:
        if record.variant == variant:
            chosen = [label for name, label in record.choices.items() if name.endswith(STRIDE)]
            if chosen or STRIDE in record.reads:
                return chosen[0] if chosen else plain(record.reads[STRIDE])
    return ""


def _below(
    records: Sequence[Record], columns: Sequence[Column], rows: Sequence[Sequence[Cell]], lead: int
) -> list[str]:
    said = []
    bold = sum(cell.bold for row in rows for cell in row)
    if lead:
        said.append(
            "Bold: decidedly better than every other variant under the same conditions, "
            "at 5 % for all bold of this table."
        )
    if bold > lead:
        where = ", data and input" if any(record.given for record in records) else ""
        said.append(
            f"Bold: strictly the best at its output stride{where}; these numbers have no random part."
        )
    for label in dict.fromkeys(column.measure for column in columns):
        counts = [
            int(record.facts["images"])
            for record in records
            if record.measure == label and "images" in record.facts
        ]
        if counts:
            said.append(f"n of {label}: {images(counts)}.")
    return said
