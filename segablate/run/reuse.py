"""What a committed report already holds: numbers that took hours need not be found again in a fresh checkout.

    reports/<study>/data, reports/<study>/<label>/data ──the very same keys──► store

Only of measures that say that their numbers are good on any machine: never of a time.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from segablate.disk.lease import BusyError, LostError
from segablate.errors import SegablateError
from segablate.measures.base import Arrays
from segablate.report.data import Record, arrays, artefact_path, read
from segablate.run.collect import ARRAYS, DATA
from segablate.run.plan import Cell, Plan, make
from segablate.run.store import Store

PROCESSOR = "cpu"  # as `machine.describe` calls it


def take_over(plan: Plan, store: Store, report: Path) -> Iterator[str]:
    """Put into the store what it lacks and a report of the study has, and tell what was taken from where.

    Args:
        plan: what is wanted.
        store: gets the outcomes, with those of their artefacts that the report has kept.
        report: the study's own folder, below which are those of other labels.

    Yields:
        A sentence for each report that something was taken from.
    """
    wanted = _wanted(plan, store)
    for folder in _folders(report) if wanted else ():
        taken = [record for record in _records(folder, wanted) if _take(wanted, record, store)]
        if taken:
            yield _message(folder, taken)


def takable(plan: Plan, store: Store, report: Path) -> set[str]:
    """Keys of the cells that `take_over` would take; nothing is written."""
    wanted = _wanted(plan, store)
    return {
        record.outcome.key
        for folder in (_folders(report) if wanted else ())
        for record in _records(folder, wanted)
        if record.outcome and record.outcome.reads == wanted[record.outcome.key].reads
    }


def seconds_elsewhere(report: Path) -> dict[str, float]:
    """Registered name of a measure → what a cell took in the median where a report of the study was made."""
    taken: dict[str, list[float]] = {}
    for folder in _folders(report):
        for record in _done(folder):
            taken.setdefault(record.use, []).extend([record.outcome.seconds] if record.outcome else [])
    return {measure: statistics.median(seconds) for measure, seconds in taken.items()}


def _folders(report: Path) -> list[Path]:
    return [report / DATA, *sorted(report.glob(f"*/{DATA}"))]


def _wanted(plan: Plan, store: Store) -> dict[str, Cell]:
    portable = {spec.label for spec in plan.study.measures if getattr(make(spec), "portable", False)}
    cells = {row.cell.key: row.cell for row in plan.rows if row.cell and row.measure.label in portable}
    return {key: cell for key, cell in cells.items() if store.outcome(cell) is None}


def _records(folder: Path, wanted: Collection[str]) -> list[Record]:
    own = {record.outcome.key: record for record in _done(folder) if record.outcome}
    return [record for key, record in own.items() if key in wanted]


def _done(folder: Path) -> list[Record]:
    try:
        return [record for record in read(folder) if record.done]
    except SegablateError:  # there is none, or the report will say what is wrong with it
        return []


def _take(wanted: dict[str, Cell], record: Record, store: Store) -> bool:
    outcome = record.outcome
    assert outcome is not None
    cell = wanted[outcome.key]
    if outcome.reads != cell.reads:  # the key was written by hand
        return False
    try:
        artefacts: dict[str, Arrays | bytes] = {
            name: arrays(record, name)
            for name in outcome.artefacts
            if name.endswith(ARRAYS) and artefact_path(record, name).is_file()
        }
        with store.lease(cell) as lease:
            store.put(cell, outcome, artefacts, lease)
    except (
        BusyError,
        LostError,
        SegablateError,
    ):  # somebody is at it, or an archive is damaged: it is measured
        return False
    del wanted[outcome.key]
    return True


def _message(folder: Path, taken: list[Record]) -> str:
    made = Counter(
        str(record.outcome.machine.get(PROCESSOR, "a machine")) for record in taken if record.outcome
    )
    cells = "1 cell is" if len(taken) == 1 else f"{len(taken):,} cells are"
    return f"{cells} taken from `{folder}`, measured on {', '.join(made)}: `--no-reuse-report` measures anew"
