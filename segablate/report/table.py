"""The table of results: one row a variant, one column a measure and metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.data import Record
from segablate.report.speeds import speeds
from segablate.report.spread import hover
from segablate.report.words import images

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


def results(records: Sequence[Record]) -> Table:
    """The results of a study; a cell without numbers says why in a footnote."""
    columns = _columns(records)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.variant, record.measure), []).append(record)
    base = {record.variant for record in records if record.baseline}
    called = {
        variant: f"{variant} (baseline)" if variant in base else variant
        for variant in dict.fromkeys(record.variant for record in records)
    }
    notes = Notes()
    rows = [
        (Cell(name), *(_cell(groups.get((variant, column.measure), []), column, notes) for column in columns))
        for variant, name in called.items()
    ]
    return Table(
        head=("variant", *(_heading(column, columns) + _where(records, column) for column in columns)),
        rows=tuple(rows),
        notes=tuple(notes.texts),
        below=tuple(_below(records, columns)),
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


def _below(records: Sequence[Record], columns: Sequence[Column]) -> list[str]:
    said = []
    for label in dict.fromkeys(column.measure for column in columns):
        counts = [
            int(record.facts["images"])
            for record in records
            if record.measure == label and "images" in record.facts
        ]
        if counts:
            said.append(f"n of {label}: {images(counts)}.")
    return said
