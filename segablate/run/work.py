"""Working through one group of cells: lease, measure, store, each outcome as soon as it is known."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import TypeAlias

from segablate.disk.lease import BusyError, Lease, LostError
from segablate.disk.machine_lock import LONGEST_WAIT, WaitedError, exclusive, shared
from segablate.errors import SegablateError
from segablate.measures.base import PLACES, Arrays, Measure, MeasureContext, Result
from segablate.records import Outcome
from segablate.run.machine import describe
from segablate.run.plan import DEFAULT_NEEDS, Cell, Group, full_inputs, make
from segablate.run.provenance import provenance
from segablate.run.store import Stamp, Store

TRACEBACK = "traceback.txt"

Turn: TypeAlias = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Job:
    """What all groups of one run have in common.

    Attributes:
        root: the store's folder.
        device: where networks run.
        stamps: of the outcomes that were there when the run began: a newer one is another run's.
        allow_external: whether code from outside may be run.
        anew: token of the run: trainings that other runs have kept begin anew; "": they are gone on with.
        wait: seconds that an exclusive group waits for what else of ours runs on the machine.
        until: when no cell is to be at work any more, in seconds since 1970; None is never.
        lasts: key → about how many seconds the cell takes.
    """

    root: Path
    device: str
    stamps: Mapping[str, Stamp | None]
    allow_external: bool = False
    anew: str = ""
    wait: float = LONGEST_WAIT
    until: float | None = None
    lasts: Mapping[str, float] = field(default_factory=dict)

    def of(self, group: Group) -> Job:
        """What one group needs of it: a study may have ten thousand stamps."""
        keys = [cell.key for cell in group.cells]
        lasts = {key: self.lasts[key] for key in keys if key in self.lasts}
        return replace(self, stamps={key: self.stamps.get(key) for key in keys}, lasts=lasts)

    def timely(self, cells: Sequence[Cell]) -> int:
        """How many of these cells, one after the other from now on, will be finished in time."""
        if self.until is None:
            return len(cells)
        ends = accumulate((self.lasts.get(cell.key, 0.0) for cell in cells), initial=time.time())
        return sum(end <= self.until for end in islice(ends, 1, None))

    def newer(self, store: Store, cell: Cell) -> Outcome | None:
        """The outcome that another run has put since this one began."""
        return store.outcome(cell) if store.stamp(cell) != self.stamps.get(cell.key) else None


@dataclass(frozen=True)
class Finding:
    """What is told of a cell.

    Attributes:
        outcome: None while another run works on it, or if it was given up.
        ours: False if another run found it.
        given_up: who had the machine for longer than this waits; "" if nobody.
        late: whether it would not have been finished in time, and was not begun.
    """

    cell: Cell
    outcome: Outcome | None
    ours: bool = True
    given_up: str = ""
    late: bool = False


def work(group: Group, job: Job, store: Store, ctx: MeasureContext) -> Generator[Finding, None, None]:
    """Measure the cells of a group that nobody else is at, and keep what is found.

    An exclusive group has the machine to itself. Any other shares it, and lets who waits for it alone in
    between two cells.

    Raises:
        SegablateError: the store cannot be written to.
    """
    with ExitStack() as held:
        leases: dict[str, Lease] = {}
        for cell in group.cells:
            try:
                lease = held.enter_context(store.lease(cell))
            except BusyError:
                yield Finding(cell, None)
                continue
            newer = job.newer(store, cell)
            if newer:
                lease.release()
                yield Finding(cell, newer, ours=False)
            else:
                leases[cell.key] = lease
        mine = [cell for cell in group.cells if cell.key in leases]
        timely = job.timely(mine)
        for cell in mine[timely:]:
            leases.pop(cell.key).release()
            yield Finding(cell, None, late=True)
        mine = mine[:timely]
        if not mine:
            return
        lock: Turn = partial(shared, group.measure.label, store.tell)
        if group.exclusive:
            lock = nullcontext  # it is held over all of them
            try:
                held.enter_context(exclusive(group.measure.label, job.wait, store.tell))
            except WaitedError as error:
                yield from (Finding(cell, None, given_up=error.owner) for cell in mine)
                return
        before = time.perf_counter()

        @contextmanager
        def turn() -> Iterator[None]:
            nonlocal before
            with lock():
                before = time.perf_counter()
                yield

        measure = make(group.measure)
        for at, result in enumerate(_results(measure, mine, group.seed, ctx, turn)):
            cell, lease = mine[at], leases[mine[at].key]
            try:
                outcome = keep(store, cell, result, time.perf_counter() - before, measure, lease)
            except LostError:
                store.tell(f"what was found under `{lease.path}` is discarded: another run has taken it over")
                yield Finding(cell, job.newer(store, cell), ours=False)
            else:
                lease.release()
                yield Finding(cell, outcome)
            if at + 1 < len(mine) and not job.timely(
                mine[at + 1 : at + 2]
            ):  # those before it took longer than was thought
                yield from (Finding(cell, None, late=True) for cell in mine[at + 1 :])
                return


def keep(
    store: Store,
    cell: Cell,
    result: Result | Exception,
    seconds: float,
    measure: Measure | None = None,
    lease: Lease | None = None,
) -> Outcome:
    """Store what became of a cell, and tell it.

    Args:
        store: keeps it.
        cell: what was measured.
        result: what was found, or why nothing was.
        seconds: how long it took.
        measure: what measured it, in this process and with the machine held as it asks; None if it did not
            get so far.
        lease: under which it was found.

    Raises:
        LostError: the lease was taken over, and nothing is kept.
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
        exclusive=None if measure is None else getattr(measure, "needs", DEFAULT_NEEDS).alone,
        thread_sensitive=None if measure is None else bool(getattr(measure, "thread_sensitive", False)),
    )
    if isinstance(result, Result):
        outcome = replace(
            outcome,
            measurements=result.measurements,
            facts=result.facts,
            artefacts=tuple(sorted(result.artefacts)),
        )
        try:
            store.put(cell, outcome, result.artefacts, lease)
            return outcome
        except (TypeError, ValueError) as error:  # something in it cannot be stored
            result = error
    trace = "".join(traceback.format_exception(result)) if result.__traceback__ else ""
    files: dict[str, Arrays | bytes] = {TRACEBACK: trace.encode()} if trace else {}
    outcome = replace(
        outcome, status="failed", reason=_reason(result), measurements=(), facts={}, artefacts=tuple(files)
    )
    try:
        store.put(cell, outcome, files, lease)
    except SegablateError:
        if not files:
            raise
        # there may be room for the reason where there is none for the trace
        outcome = replace(outcome, artefacts=())
        store.put(cell, outcome, lease=lease)
    return outcome


def _results(
    measure: Measure, cells: Sequence[Cell], seed: int, ctx: MeasureContext, turn: Turn
) -> Iterator[Result | Exception]:
    """One result or error for every cell, in order, each found in a turn of its own.

    A measure that raises loses the cell it was at, and begins again with those that are left.
    """
    left = list(cells)
    while left:
        try:
            reads = [{**full_inputs(cell), PLACES: cell.places} for cell in left]
            for result in _in_turns(partial(measure.measure, reads, seed, ctx), turn):
                del left[0]
                yield result
            error: Exception = RuntimeError(f"the measure left out {len(left)} of its cells")
        except Exception as raised:
            error = raised
        if left:
            del left[0]
            yield error


def _in_turns(
    begin: Callable[[], Iterator[Result | SegablateError]], turn: Turn
) -> Iterator[Result | SegablateError]:
    results: Iterator[Result | SegablateError] | None = None
    while True:
        with turn():
            results = iter(begin()) if results is None else results
            result = next(results, None)
        if result is None:
            return
        yield result


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, SegablateError) else f"{type(error).__name__}: {error}"
    return next(iter(text.strip().splitlines()), "").rstrip(": ")
