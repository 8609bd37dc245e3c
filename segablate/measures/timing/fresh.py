"""A fresh process for each repeat: what differs between processes shows, and what one leaves behind is gone.

        measure ── starts ──► process: prepare each network, one session, tell
           ▲                     │
           └──────── pipe ───────┘   how far it is, what was found

If the process is killed while it prepares a network, that network has failed, and a new process goes on
without it.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from segablate import child
from segablate.child import DefectError, Pipe
from segablate.errors import SegablateError
from segablate.measures.timing.protocols import Rules
from segablate.measures.timing.session import Timed

GRACE = 10.0

TimedOrError: TypeAlias = Timed | SegablateError


@dataclass(frozen=True)
class TimingJob:
    """What a process is to time.

    Attributes:
        cells: what each network depends on.
        rules: when to begin and to end.
        seed: of weights and images.
        allow_external: whether code from outside may be run.
    """

    cells: tuple[Mapping[str, Any], ...]
    rules: Rules
    seed: int
    allow_external: bool = False


@dataclass(frozen=True)
class TimingRun:
    """What one process found.

    Attributes:
        name: tells it from all others.
        results: a result or an error for each network, in order.
        size: how many networks took turns.
    """

    name: str
    results: tuple[TimedOrError, ...]
    size: int


def run_job(job: TimingJob, tell: Callable[[float], None] = lambda seconds: None) -> TimingRun:
    """Time the networks of an job in a fresh process; whoever calls this holds the machine alone.

    Args:
        job: what to time.
        tell: called with the seconds that timing has lasted.
    """
    lost: dict[int, SegablateError] = {}
    while True:
        left = [at for at in range(len(job.cells)) if at not in lost]
        results, at, code = _once(job, left, tell) if left else ({}, None, 0)
        if results is not None:
            every = {**lost, **results}
            ordered = tuple(every[at] for at in range(len(job.cells)))
            return TimingRun(uuid.uuid4().hex[:12], ordered, len(left))
        error = SegablateError(child.how(code, "the network was timed"))
        lost |= {at: error} if at is not None else dict.fromkeys(left, error)


def work(job: TimingJob, at: Sequence[int], pipe: Pipe) -> None:
    """The other end: what the fresh process does.

    Args:
        job: what to time.
        at: which of its cells.
        pipe: the sending end.
    """
    try:
        from segablate.measures.timing.worker import timed

        pipe.send(("found", timed(job, at, pipe.send)))
    except SegablateError as error:
        pipe.send(("error", error))
    except Exception:
        pipe.send(("defect", traceback.format_exc()))


def _once(
    job: TimingJob, at: Sequence[int], tell: Callable[[float], None]
) -> tuple[dict[int, TimedOrError] | None, int | None, int | None]:
    """What was found; or None, the cell that was being prepared, and how the process ended."""
    process = child.start(work, job, tuple(at))
    preparing: int | None = None
    try:
        while True:
            kind, content = process.pipe.recv()
            if kind == "preparing":
                preparing = content
            elif kind == "lasted":
                tell(content)
            elif kind == "found":
                return dict(content), None, 0
            elif kind == "error":
                raise content
            else:
                raise DefectError(content)
    except (EOFError, ConnectionError):
        process.end()
        return None, preparing, process.code
    except BaseException:  # Ctrl-C too
        process.kill()
        raise
    finally:
        process.end(GRACE)
