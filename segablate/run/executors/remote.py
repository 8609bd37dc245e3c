"""What a worker on another machine does, and what it reports: keys, for the numbers are in the store."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import NoReturn

from segablate.child import DefectError
from segablate.disk import text, write_errors
from segablate.disk.lease import Leases
from segablate.errors import SegablateError
from segablate.measures.base import measures
from segablate.records import Outcome
from segablate.run.context import StoreContext
from segablate.run.executors.base import lost
from segablate.run.plan import Cell, Group
from segablate.run.provenance import provenance
from segablate.run.store import Store
from segablate.run.work import Finding, Job, work

CARRIED = ("SEGABLATE_",)  # variables whose names begin so go with the work
LONGEST_LAG = 60.0  # seconds until a file that one machine has written is seen on another: what NFS allows
LOOK = 0.2
IDENTITY = "store-id"


@dataclass(frozen=True)
class RemoteJob:
    """A group, and what another process needs to work through it.

    Attributes:
        group: the cells.
        job: what all groups have in common.
        module: where the group's measure is registered.
        paths: where modules are looked for.
        environment: variables that are set.
        store: the identity of the store.
        version: of segablate.
        sign: of its leases: who is told that the task has ended knows that they are nobody's, on whatever
            host it was.
    """

    group: Group
    job: Job
    module: str
    paths: tuple[str, ...]
    environment: Mapping[str, str]
    store: str
    version: str
    sign: str


@dataclass(frozen=True)
class Report:
    """What became of one cell.

    Attributes:
        put: whether the store has its outcome.
        ours: False if another run found it.
        given_up: who had the machine for too long; "" if nobody.
        late: whether it would not have been finished in time.
    """

    put: bool
    ours: bool
    given_up: str
    late: bool


@dataclass
class Answer:
    """What became of a group.

    Attributes:
        host: where.
        reports: by the key of the cell.
        notices: what a person should know.
        error: what a person can put right, if something stood in the way.
        defect: a traceback; "" where nothing is wrong with us.
    """

    host: str
    reports: dict[str, Report] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    error: SegablateError | None = None
    defect: str = ""


def remote_job(group: Group, job: Job, store: str) -> RemoteJob:
    """What goes to another machine, for the store of that identity."""
    module = measures.part(group.measure.use).make.__module__
    environment = {name: value for name, value in os.environ.items() if name.startswith(CARRIED)}
    own = replace(job.of(group), root=job.root.absolute())
    version, sign = provenance().version, token_hex(8)
    return RemoteJob(group, own, module, tuple(sys.path), environment, store, version, sign)


def perform(remote: RemoteJob) -> Answer:
    """Work through a group, on whatever machine this is."""
    answer = Answer(socket.gethostname())
    leases = Leases(sign=remote.sign)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _leave)
    os.environ.update(remote.environment)
    sys.path += [path for path in remote.paths if path not in sys.path]
    try:
        same = _is(remote.job.root, remote.store)
        if problem := unfit(answer.host, provenance().version, remote.version, remote.job.root, same):
            raise problem
        import_module(remote.module)
        store = Store(remote.job.root, answer.notices.append, leases)
        store.take_over(remote.group.cells, remote.sign)  # a task that is queued again has ended before
        ctx = StoreContext(
            store, remote.job.device, allow_external=remote.job.allow_external, anew=remote.job.anew
        )
        with closing(work(remote.group, remote.job, store, ctx)) as findings:
            for finding in findings:
                put = finding.outcome is not None
                answer.reports[finding.cell.key] = Report(put, finding.ours, finding.given_up, finding.late)
    except SegablateError as error:
        answer.error = error
    except Exception:
        answer.defect = traceback.format_exc()
    finally:
        leases.give_back()
    return answer


def reported(answer: Answer, group: Group, store: Store) -> Iterator[Finding]:
    """The findings of a group, with the outcomes that the store has.

    Raises:
        SegablateError: something stood in the way there, or what was put there is not here.
        DefectError: an error that is nobody's fault but ours.
    """
    for notice in answer.notices:
        store.tell(notice)
    for cell in group.cells:
        if report := answer.reports.get(cell.key):
            outcome = _outcome(store, cell, answer.host) if report.put else None
            yield Finding(cell, outcome, report.ours, report.given_up, report.late)
    if answer.error:
        raise answer.error
    if answer.defect:
        raise DefectError(answer.defect)


def lost_elsewhere(
    remote: RemoteJob, why: str, seconds: float, store: Store, *, again: bool
) -> Generator[Finding, None, Group | None]:
    """Report what a task put before it ended, and what it left open; returns the cells that are left.

    Args:
        remote: what it was to do.
        why: how it ended.
        seconds: how long it lasted.
        store: keeps what is found.
        again: see `lost`.
    """
    store.take_over(remote.group.cells, remote.sign)
    cells, job = remote.group.cells, remote.job
    known = {cell.key: outcome for cell in cells if (outcome := job.newer(store, cell))}
    yield from (Finding(cell, known[cell.key]) for cell in cells if cell.key in known)
    return (yield from lost(remote.group, known, why, seconds, job, store, again=again))


def _outcome(store: Store, cell: Cell, host: str) -> Outcome:
    until = time.monotonic() + LONGEST_LAG
    while (outcome := store.outcome(cell)) is None:
        if time.monotonic() > until:
            raise not_shared(host, store.root)
        time.sleep(LOOK)
    return outcome


def identity(root: Path) -> str:
    """What tells a store from all others: another machine has the same one if it reads the same."""
    path, new = root / IDENTITY, root / f".{IDENTITY}.{token_hex(6)}.tmp"
    with write_errors(root):
        if not path.exists():
            root.mkdir(parents=True, exist_ok=True)
            new.write_text(token_hex(16))
            with suppress(FileExistsError):  # another run has just done it
                os.link(new, path)
            new.unlink()
        return text(path)


def unfit(host: str, there: str, here: str, root: Path, same: bool) -> SegablateError | None:
    """Why a machine cannot work for this run, if it cannot.

    Args:
        host: its name.
        there: the version of segablate that it has; "" for none.
        here: that of the run.
        root: the store.
        same: whether what it has there is the run's.
    """
    if there != here:
        has = f"segablate {there}" if there else "no segablate"
        return SegablateError(
            f"node `{host}` has {has}, and this is {here}", hint="install the same version on every node"
        )
    return None if same else not_shared(host, root)


def _is(root: Path, wanted: str) -> bool:
    """Whether this is the store of that identity, as soon as a shared file system shows it."""
    until = time.monotonic() + (LONGEST_LAG if root.is_dir() else 0)
    while not (there := (root / IDENTITY).is_file() and text(root / IDENTITY)) and time.monotonic() < until:
        time.sleep(LOOK)
    return there == wanted


def not_shared(host: str, root: Path) -> SegablateError:
    """The error of a store that is not the same everywhere."""
    return SegablateError(
        f"node `{host}` does not have this store",
        where=str(root.absolute()),
        hint="choose a folder with `--store` that all nodes share, by the same path",
    )


def _leave(signum: int, frame: object) -> NoReturn:
    signal.signal(signum, signal.SIG_IGN)
    sys.exit(128 + signum)
