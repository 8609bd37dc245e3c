"""One lock a machine and user: a timing has the machine to itself, all other work of ours shares it.

        work      gate, shared ──► a file of its own, locked ──► gate given back … works … file removed
        timing    gate, exclusive ── waits until no file is locked ── times … gate given back

A timing that waits holds the gate already, so that it is let in as soon as those who were there before it
are through. The kernel gives every lock back when its process ends, however that ends.
"""

from __future__ import annotations

import fcntl
import math
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from secrets import token_hex
from typing import TypeAlias

from segablate.errors import SegablateError

FOLDER = "SEGABLATE_LOCKS"  # names another folder than that in the temporary one
GATE = "gate"
LOOK = 0.05  # seconds between two looks
QUIET = 1.0  # seconds of waiting that are not worth a word
LONGEST_NAME = 200
LONGEST_WAIT = 600.0  # seconds that a timing waits for other work, if nobody says otherwise
HINT = f"remove it, or name a folder of your own in `{FOLDER}`"

Tell: TypeAlias = Callable[[str], None]


class WaitedError(Exception):
    """Other work did not end in time.

    Args:
        owner: who was waited for.
        seconds: how long.
    """

    def __init__(self, owner: str, seconds: float) -> None:
        super().__init__(f"{owner} was waited for, {seconds:g} s in vain")
        self.owner = owner


def note(message: str) -> None:
    """Tell on stderr."""
    print(f"note: {message}", file=sys.stderr)


@contextmanager
def shared(what: str, tell: Tell = note) -> Iterator[None]:
    """Hold the machine together with other work, once no timing holds it or waits for it.

    Args:
        what: is worked at, for those who wait.
        tell: hears whom this waits for.

    Raises:
        SegablateError: there is no folder for locks that is ours alone.
    """
    patience = _Patience(f"{what} goes on when {{}} has finished timing", math.inf, tell)
    with ExitStack() as held:
        folder = held.enter_context(_folder())
        with _gate(folder, fcntl.LOCK_SH, patience):
            mine = f"{os.getpid()}-{token_hex(4)}"
            handle = _open(folder, mine)
            held.callback(os.close, handle)
            held.callback(_remove, folder, mine)
            fcntl.flock(handle, fcntl.LOCK_EX)
            _sign(handle, what)
        yield


@contextmanager
def exclusive(what: str, wait: float, tell: Tell = note) -> Iterator[None]:
    """Hold the machine alone, once all who hold it are through.

    Args:
        what: is timed, for those who wait.
        wait: seconds at most.
        tell: hears whom this waits for.

    Raises:
        WaitedError: it could not be had in time.
        SegablateError: there is no folder for locks that is ours alone.
    """
    message = f"{what} waits for {{}}, {wait:g} s at most: it is timed with nothing of ours beside it"
    patience = _Patience(message, wait, tell)
    with _folder() as folder, _gate(folder, fcntl.LOCK_EX, patience) as gate:
        _sign(gate, what)
        try:
            while owner := _at_work(folder):
                patience.sleep(owner)
            yield
        finally:
            os.ftruncate(gate, 0)


class _Patience:
    """Waits by looking again and again, for a lock that is waited for by the kernel cannot be given up."""

    def __init__(self, message: str, wait: float, tell: Tell) -> None:
        self._message = message
        self._wait = wait
        self._tell: Tell | None = tell
        self._began = time.monotonic()

    def sleep(self, owner: str) -> None:
        lasted = time.monotonic() - self._began
        if lasted >= self._wait:
            raise WaitedError(owner, self._wait)
        if self._tell and lasted >= QUIET:
            self._tell(self._message.format(owner))
            self._tell = None
        time.sleep(min(LOOK, self._wait - lasted))


@contextmanager
def _folder() -> Iterator[int]:
    """The folder of the locks, open: below the temporary one anybody may have put something of that name."""
    path = os.environ.get(FOLDER) or os.path.join(tempfile.gettempdir(), f"segablate-{os.getuid()}")
    with _refused(path):
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise SegablateError("others may write to this folder for locks", where=path, hint=HINT)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _refused(where: str) -> Iterator[None]:
    """What the file system refuses, as an error that says what to do."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SegablateError(f"this cannot be used for locks: {why}", where=where, hint=HINT) from error


@contextmanager
def _gate(folder: int, kind: int, patience: _Patience) -> Iterator[int]:
    handle = _open(folder, GATE)
    try:
        while not _lock(handle, kind):
            patience.sleep(_signed(handle))
        yield handle
    finally:
        os.close(handle)


def _at_work(folder: int) -> str:
    """Who holds the machine together with others; "" if nobody. Removes what the dead have left."""
    for name in os.listdir(folder):
        if name == GATE:
            continue
        try:
            handle = os.open(name, os.O_RDWR | os.O_NOFOLLOW, dir_fd=folder)
        except FileNotFoundError:  # it has just finished
            continue
        try:
            if not _lock(handle, fcntl.LOCK_EX):
                return _signed(handle)
            _remove(folder, name)
        finally:
            os.close(handle)
    return ""


def _open(folder: int, name: str) -> int:
    with _refused(name):
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=folder)


def _remove(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(handle: int, what: str) -> None:
    with suppress(OSError):  # a full disk: those who wait do without the name
        os.pwrite(handle, f"process {os.getpid()} ({what})".encode()[:LONGEST_NAME], 0)


def _signed(handle: int) -> str:
    return os.pread(handle, LONGEST_NAME, 0).decode(errors="replace") or "another process"
