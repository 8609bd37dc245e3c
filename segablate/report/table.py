"""All numbers of a measure: one row a variant, one column a metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.comparisons import metrics_of, values
from segablate.report.data import Record
from segablate.report.readers.latency import speeds
from segablate.report.results import hover
from segablate.report.words import images

TIMED = ("ms", "image/s")


def results(records: Sequence[Record]) -> Table:
    """The results of a study; a cell without numbers says why in a footnote."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.variant, record.measure), []).append(record)
    measures = list(dict.fromkeys(record.measure for record in records))
    columns = [
        (measure, metric)
        for measure in measures
        for metric in metrics_of(record for record in records if record.measure == measure) or [""]
    ]
    base = {record.variant for record in records if record.baseline}
    notes: list[str] = []
    rows = [
        (
            Cell(f"{variant} (baseline)" if variant in base else variant),
            *(_cell(groups.get((variant, measure), []), metric, notes) for measure, metric in columns),
        )
        for variant in dict.fromkeys(record.variant for record in records)
    ]
    heads = [_heading(records, measure, metric, len(measures) > 1) for measure, metric in columns]
    return Table(("variant", *heads), tuple(rows), notes=tuple(notes), below=tuple(_below(records, measures)))


def _heading(records: Sequence[Record], measure: str, metric: str, several: bool) -> str:
    """Times say in their heading what they were taken on, for they travel without their page."""
    if not metric:
        return measure
    what = quantity(metric)
    head = f"{measure}: {what.heading}" if several else what.heading
    devices = (
        {speed.device for speed in speeds(records) if speed.measure == measure}
        if what.unit in TIMED
        else set()
    )
    return f"{head}, {devices.pop() if len(devices) == 1 else 'several devices'}" if devices else head


def _cell(records: Sequence[Record], metric: str, notes: list[str]) -> Cell:
    """The mean; with its range where outcomes differ; a short mark where there is no number."""
    known = [value for value in values(records, metric) if not math.isnan(value)] if metric else []
    lost = [record for record in records if not record.done]
    note = 0
    if lost:
        reasons = dict.fromkeys(f"{record.state}: {' '.join(record.reason.split())}" for record in lost)
        text = "; ".join(reasons)
        notes += [] if text in notes else [text]
        note = notes.index(text) + 1
    if known:
        return Cell(_shown(known, quantity(metric)), note=note, hover=hover(records, metric))
    return Cell(lost[0].state if lost else "–", note=note)


def _shown(known: Sequence[float], what: Quantity) -> str:
    # several outcomes are several seeds, and verdicts are on their mean
    middle = what.shown(statistics.fmean(known))
    if len(known) == 1:
        return middle
    return f"{middle} ({what.shown(min(known))}…{what.shown(max(known))}, n = {len(known)})"


def _below(records: Sequence[Record], measures: Sequence[str]) -> list[str]:
    counts = {
        label: [
            int(record.facts["images"])
            for record in records
            if record.measure == label and "images" in record.facts
        ]
        for label in measures
    }
    return [f"n of {label}: {images(own)}." for label, own in counts.items() if own]
