"""The other end of the pipe: what a worker process does."""

from __future__ import annotations

import enum
import functools
import importlib
import itertools
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NoReturn

from segablate.child import DefectError, Pipe
from segablate.disk.lease import Leases
from segablate.errors import SegablateError
from segablate.run.context import StoreContext
from segablate.run.plan import Group
from segablate.run.store import Store
from segablate.run.work import Job, work

BEAT = 0.1  # seconds between two words about one bar
LEFT = 128 + signal.SIGTERM


class Message(enum.Enum):
    """Kinds of words on the pipe."""

    FINDING = enum.auto()
    ERROR = enum.auto()
    NOTICE = enum.auto()
    OPEN = enum.auto()
    ADVANCE = enum.auto()
    CLOSE = enum.auto()


def main(group: Group, job: Job, module: str, pipe: Pipe) -> None:
    """Work through one group and tell all of it through the pipe.

    Args:
        group: the cells.
        job: what all groups have in common.
        module: where the group's measure is registered; it need not be one of ours.
        pipe: the sending end.
    """
    signal.signal(signal.SIGTERM, _leave)
    leases = Leases()
    sys.unraisablehook = functools.partial(_unraisable, leases)
    line = _Line(pipe)
    try:
        importlib.import_module(module)
        store = Store(job.root, lambda message: line.say(Message.NOTICE, message), leases)
        ctx = StoreContext(store, job.device, line.progress, allow_external=job.allow_external, anew=job.anew)
        with closing(work(group, job, store, ctx)) as findings:
            for finding in findings:
                line.say(Message.FINDING, finding)
    except SegablateError as error:
        line.say(Message.ERROR, error)
    except Exception:
        line.say(Message.ERROR, DefectError(traceback.format_exc()))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Python's own end takes no exception


class _Line:
    """The pipe, shared by the threads of a measure."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._lock = threading.RLock()
        self._numbers = itertools.count()

    def say(self, kind: Message, content: Any) -> None:
        with self._lock:
            self._pipe.send((kind, content))

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        number = next(self._numbers)
        self.say(Message.OPEN, (number, what, total))
        untold, last = 0, time.monotonic()

        def advance(done: int) -> None:
            nonlocal untold, last
            with self._lock:
                untold += done
                now = time.monotonic()
                if now - last >= BEAT:
                    self.say(Message.ADVANCE, (number, untold))
                    untold, last = 0, now

        try:
            yield advance
        finally:
            if untold:
                self.say(Message.ADVANCE, (number, untold))
            self.say(Message.CLOSE, number)


def _leave(signum: int, frame: object) -> NoReturn:
    signal.signal(signum, signal.SIG_IGN)
    # an exception, so that leases are given back on the way out
    sys.exit(LEFT)


def _unraisable(leases: Leases, dropped: sys.UnraisableHookArgs) -> None:
    """Python drops what is raised in a destructor or a callback of C, and would go on."""
    if not isinstance(dropped.exc_value, SystemExit):
        sys.__unraisablehook__(dropped)
        return
    leases.give_back()
    os._exit(LEFT)
