"""Working through one group of cells: claim, measure, store, each outcome as soon as it is known."""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from segablate.errors import SegablateError
from segablate.measures.base import PLACES, Arrays, Measure, Result, Workshop
from segablate.records import Outcome
from segablate.run.claims import BusyError, Claim
from segablate.run.machine import describe
from segablate.run.plan import Cell, Group, given, make
from segablate.run.provenance import provenance
from segablate.run.store import Stamp, Store

TRACEBACK = "traceback.txt"


@dataclass(frozen=True)
class Job:
    """What all groups of one run have in common.

    Attributes:
        root: the store's folder.
        device: where networks run.
        stamps: of the outcomes that were there when the run began: a newer one is another run's.
        allow_external: whether code from outside may be run.
        anew: trainings that were kept before this time begin anew, in seconds since the epoch.
    """

    root: Path
    device: str
    stamps: Mapping[str, Stamp | None]
    allow_external: bool = False
    anew: float = 0.0

    def newer(self, store: Store, cell: Cell) -> Outcome | None:
        """The outcome that another run has put since this one began."""
        return store.outcome(cell) if store.stamp(cell) != self.stamps.get(cell.key) else None


@dataclass(frozen=True)
class Finding:
    """What is told of a cell.

    Attributes:
        outcome: None while another run works on it.
        ours: False if another run found it.
    """

    cell: Cell
    outcome: Outcome | None
    ours: bool = True


def work(group: Group, job: Job, store: Store, shop: Workshop) -> Generator[Finding, None, None]:
    """Measure the cells of a group that nobody else is at, and keep what is found.

    Raises:
        SegablateError: the store cannot be written to.
    """
    with ExitStack() as held:
        claims: dict[str, Claim] = {}
        for cell in group.cells:
            try:
                claim = held.enter_context(store.claim(cell))
            except BusyError:
                yield Finding(cell, None)
                continue
            newer = job.newer(store, cell)
            if newer:
                claim.release()
                yield Finding(cell, newer, ours=False)
            else:
                claims[cell.key] = claim
        mine = [cell for cell in group.cells if cell.key in claims]
        before = time.perf_counter()
        for cell, result in _results(make(group.measure), mine, group.seed, shop):
            now = time.perf_counter()
            outcome = keep(store, cell, result, now - before)
            before = now
            claims[cell.key].release()
            yield Finding(cell, outcome)


def keep(store: Store, cell: Cell, result: Result | Exception, seconds: float) -> Outcome:
    """Store what became of a cell, and tell it.

    Raises:
        SegablateError: the store cannot be written to.
    """
    code = provenance()
    outcome = Outcome(
        cell.key,
        "done",
        cell.reads,
        seconds=round(seconds, 3),
        machine=describe(),
        use=cell.measure,
        seeded=cell.seed is not None,
        version=code.version,
        commit=code.commit,
        dirty=code.dirty,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if isinstance(result, Result):
        outcome = replace(
            outcome,
            measurements=result.measurements,
            facts=result.facts,
            artefacts=tuple(sorted(result.artefacts)),
        )
        try:
            store.put(cell, outcome, result.artefacts)
            return outcome
        except (TypeError, ValueError) as error:  # something in it cannot be stored
            result = error
    trace = "".join(traceback.format_exception(result)) if result.__traceback__ else ""
    files: dict[str, Arrays | bytes] = {TRACEBACK: trace.encode()} if trace else {}
    outcome = replace(
        outcome, status="failed", reason=_reason(result), measurements=(), facts={}, artefacts=tuple(files)
    )
    store.put(cell, outcome, files)
    return outcome


def _results(
    measure: Measure, cells: Sequence[Cell], seed: int, shop: Workshop
) -> Iterator[tuple[Cell, Result | Exception]]:
    """One result or error for every cell, in order.

    A measure that raises loses the cell it was at, and begins again with those that are left.
    """
    left = list(cells)
    while left:
        try:
            for result in measure.measure(
                [{**given(cell), PLACES: cell.places} for cell in left], seed, shop
            ):
                yield left.pop(0), result
            error: Exception = RuntimeError(f"the measure left out {len(left)} of its cells")
        except Exception as raised:
            error = raised
        if left:
            yield left.pop(0), error


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, SegablateError) else f"{type(error).__name__}: {error}"
    return next(iter(text.strip().splitlines()), "").rstrip(": ")
