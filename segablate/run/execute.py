"""Running what a plan is missing, whoever else is running it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any, Literal, cast, get_args

from segablate.disk.lease import BusyError
from segablate.disk.machine_lock import LONGEST_WAIT
from segablate.errors import SegablateError, near_miss
from segablate.measures.base import Progress
from segablate.records import Outcome
from segablate.run.context import silent
from segablate.run.devices import jobs_that_fit, remark
from segablate.run.executors.base import Executor, executors
from segablate.run.explain import explain
from segablate.run.machine import pick_device
from segablate.run.plan import Cell, Plan
from segablate.run.store import Store
from segablate.run.work import Finding, Job

Only = Literal["missing", "failed", "all"]
LOOK = 0.5  # seconds between two looks at another run's leases, if a look does not take longer


@dataclass(frozen=True)
class Summary:
    """What a run came to, in cells; `skipped` in rows.

    Attributes:
        done: measured now.
        failed: without a number now, whether tried in this run or before.
        skipped: left out by the study.
        reused: found in the store, or measured by another run meanwhile.
        open: neither tried nor known.
        given_up: of those, how many waited in vain for the machine.
        late: of those, how many would not have been finished in time.
        failures: cell and reason of each that failed.
    """

    done: int = 0
    failed: int = 0
    skipped: int = 0
    reused: int = 0
    open: int = 0
    given_up: int = 0
    late: int = 0
    failures: tuple[tuple[Cell, str], ...] = ()


class Stopped(KeyboardInterrupt):
    """The run was interrupted: what was finished is stored."""

    def __init__(self, summary: Summary) -> None:
        super().__init__("interrupted")
        self.summary = summary


@dataclass
class _Tally:
    plan: Plan
    outcomes: dict[str, Outcome | None]
    tell: Callable[[Cell, Outcome], None]
    measured: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)

    def take(self, finding: Finding) -> None:
        if finding.given_up:
            self.given_up.add(finding.cell.key)
        if finding.late:
            self.late.add(finding.cell.key)
        if finding.outcome is not None:
            self.outcomes[finding.cell.key] = finding.outcome
            if finding.ours:
                self.measured.add(finding.cell.key)
            self.tell(finding.cell, finding.outcome)

    def summary(self) -> Summary:
        done = [key for key, outcome in self.outcomes.items() if outcome and outcome.status == "done"]
        failures = [
            (cell, outcome.reason)
            for cell in self.plan.cells
            if (outcome := self.outcomes[cell.key]) and outcome.status == "failed"
        ]
        return Summary(
            done=len(self.measured.intersection(done)),
            failed=len(failures),
            skipped=sum(row.cell is None for row in self.plan.rows),
            reused=len(set(done) - self.measured),
            open=sum(outcome is None for outcome in self.outcomes.values()),
            given_up=len(self.given_up),
            late=len(self.late),
            failures=tuple(failures),
        )


def execute(
    plan: Plan,
    store: Store,
    *,
    only: Only = "missing",
    executor: str = "inline",
    jobs: int | Literal["auto"] = 1,
    device: str = "auto",
    wait: float = LONGEST_WAIT,
    take_over: bool = False,
    budget: float | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    tell: Callable[[Cell, Outcome], None] = lambda cell, outcome: None,
) -> Summary:
    """Measure the cells of a plan that need it, and keep every outcome as soon as it is known.

    Args:
        plan: what a study asks for.
        store: where outcomes are kept.
        only: `missing` measures what has no number yet, what failed before too; `failed` only what
            failed before; `all` everything anew.
        executor: how groups of cells are run.
        jobs: how many groups at a time, if the executor can; `auto` is as many as fit on this machine.
        device: `auto`, `cpu` or `cuda`.
        wait: seconds that what must have the machine to itself waits for other work of ours; it is left open
            then.
        take_over: end the leases that others hold on what is needed, as if they were dead.
        budget: seconds from now on: no cell is begun that would not be finished by then, going by the stored
            cells nearest to it. What nothing is known of is begun until then.
        settings: further ones of the executor.
        progress: opens a bar.
        tell: called with every outcome as it comes.

    Raises:
        SegablateError: the store cannot be written to, or there is no such executor or device.
        Stopped: Ctrl-C; what was finished is kept.
    """
    if only not in get_args(Only):
        raise SegablateError(f"there is no `--only {only}`", hint=near_miss(only, get_args(Only)))
    # the stamps first: what another run puts after them is newer, whether it is read below or not
    stamps = {cell.key: store.stamp(cell) for cell in plan.cells}
    stored = store.outcomes_of(plan.cells)
    todo = [cell for cell in plan.cells if _wanted(stored[cell.key], only)]
    tally = _Tally(plan, stored, tell)
    where = device_of(device, executor)
    groups = plan.groups({cell.key for cell in todo})
    per_gpu = int((settings or {}).get("per_gpu", 1))
    if jobs == "auto":
        jobs = jobs_that_fit(groups, where, per_gpu)
    ways = _executor(executor, jobs, settings or {})
    if not todo:
        return tally.summary()
    if not ways.elsewhere and (note := remark(jobs, groups, where, per_gpu)):
        store.tell(note)
    if take_over:
        store.take_over(todo)
    store.sweep()
    anew = token_hex(8) if only == "all" else ""
    job = Job(store.root, where, stamps, plan.allow_external, anew, wait)
    if budget is not None:
        lasts = {cell.key: state.seconds or 0.0 for cell, state in explain(plan, store)}
        job = replace(job, until=time.time() + budget, lasts=lasts)
    try:
        with progress("cells", len(todo)) as advance:

            def take(finding: Finding) -> None:
                tally.take(finding)
                advance(finding.outcome is not None)

            busy: list[Cell] = []
            named: set[str] = set()
            while todo:
                busy += _run(ways, plan, {cell.key for cell in todo}, job, store, progress, take)
                todo, busy = _wait(busy, job, store, take, named)
    except KeyboardInterrupt:
        raise Stopped(tally.summary()) from None
    return tally.summary()


def device_of(wanted: str, executor: str) -> str:
    """`cpu` or `cuda`: where networks compute if an executor runs the cells.

    Raises:
        SegablateError: there is no such device or executor.
    """
    return pick_device(wanted, elsewhere=cast(type[Executor], executors.part(executor).make).elsewhere)


def _wanted(outcome: Outcome | None, only: Only) -> bool:
    if only == "failed":
        return outcome is not None and outcome.status == "failed"
    return only == "all" or outcome is None or outcome.status == "failed"


def _executor(name: str, jobs: int, settings: Mapping[str, Any]) -> Executor:
    part = executors.part(name)
    if jobs < 1:
        raise SegablateError(f"`--jobs {jobs}` leaves nobody to work", hint="use 1 or more")
    if "jobs" in part.defaults:
        return cast(Executor, part.build({}, {**settings, "jobs": jobs}))
    if jobs > 1:
        raise SegablateError(f"executor `{name}` does one thing at a time", hint="use `--executor processes`")
    return cast(Executor, part.build({}, settings))


def _run(
    ways: Executor,
    plan: Plan,
    keys: Collection[str],
    job: Job,
    store: Store,
    progress: Progress,
    take: Callable[[Finding], None],
) -> list[Cell]:
    """Run the cells of these keys; returns those that another run is at."""
    busy: list[Cell] = []
    gave_up = False
    groups = plan.groups(keys)
    beside = [group for group in groups if not group.exclusive]
    # what must have the machine to itself comes last, one by one
    turns = [*([beside] if beside else []), *([group] for group in groups if group.exclusive)]
    for turn in turns:
        with closing(ways.run(turn, job, store, progress)) as findings:
            for finding in findings:
                take(finding)
                if finding.given_up and not gave_up:
                    long = f"{finding.given_up} was at work for longer than {job.wait:g} s"
                    store.tell(f"{long}: what must have the machine to itself is left open")
                    gave_up, job = True, replace(job, wait=0.0)  # the others have waited with it
                elif not finding.given_up and not finding.late and finding.outcome is None:
                    busy.append(finding.cell)
    return busy


def _wait(
    busy: Sequence[Cell], job: Job, store: Store, take: Callable[[Finding], None], named: set[str]
) -> tuple[list[Cell], list[Cell]]:
    """Wait until some of the cells are free, and return those and the others; what is finished is taken.

    Who is waited for is named once.
    """
    while True:
        began = time.monotonic()
        free: list[Cell] = []
        held: list[Cell] = []
        holders: list[BusyError] = []
        for cell in busy:
            if newer := job.newer(store, cell):
                take(Finding(cell, newer, ours=False))
            elif holder := store.holder(cell):
                held.append(cell)
                holders.append(holder)
            else:
                free.append(cell)
        if free or not held:
            return free, held
        for who, cells in Counter(holder.who for holder in holders).items():
            if who not in named:
                named.add(who)
                until = next(holder.until for holder in holders if holder.who == who)
                count = "1 cell" if cells == 1 else f"{cells:,} cells"
                store.tell(f"{who} is at {count} and is waited for; {until}")
        busy = held
        time.sleep(max(LOOK, time.monotonic() - began))
