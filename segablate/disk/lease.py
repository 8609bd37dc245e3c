"""Leases: one process works on a thing at a time, on whatever host, and what a dead one held is taken over.

A lease is a file. Its content names the owner: host, process, job and when it was taken. Its time of
modification says when the owner last renewed it, which a thread does as long as the work lasts.

    take over      at once     the owner was a process of this kernel, and is gone
                   if stale    its time is older than `STALE` by the clock of the file system: a file that the
                               observer writes beside it has the time to compare with
                               or it did not change for `STALE` by the observer's own count of seconds

Neither compares clocks of two hosts where the server stamps the files. Where each host stamps its own, they
may differ by the 9 minutes between `RENEW` and `STALE`: the owner's clock then only seems to have stopped.

Nothing rests on locks. A lease comes to be whole, by a link, of which there can be one. One that is taken
over is renamed first, and only what bears that name then is looked at and removed, so that of several who
take over one gets it. An owner that was stopped for longer than that finds its lease gone when it asks,
before it puts what it has found.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import socket
import stat
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import TypeAlias

from segablate.disk import write_errors
from segablate.errors import SegablateError

RENEW = 30.0  # seconds between two renewals
# a call that keeps Python's lock for minutes keeps the thread from renewing too
STALE = 600.0
PROBE = 60.0  # seconds for which the file system's clock is known, once it was asked
LONGEST = 4096  # bytes of a lease that are read
MOST_PID = 2**31
# of file systems that know no links: there a lease comes to be by O_EXCL
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_Stamp: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Owner:
    """Who holds a lease.

    Attributes:
        host: name of the machine.
        kernel: which start of which kernel, and which of its process tables: hosts may share a name; "" where
            the system does not tell.
        pid: number of the process.
        started: when it started, for numbers are given out again; "" where the system does not tell.
        job: a random name of this lease, which begins with that of the task that took it, if it was one.
        time: when it was taken, by the owner's clock.
    """

    host: str
    kernel: str
    pid: int
    started: str
    job: str
    time: str

    @classmethod
    def here(cls, sign: str = "") -> Owner:
        """This process, with a new job that begins with `sign`."""
        pid = os.getpid()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(socket.gethostname(), _kernel(), pid, started(pid) or "", sign + token_hex(8), now)

    @property
    def dead(self) -> bool:
        """True only if it is certain that the process is gone."""
        mine = (self.host, self.kernel) == (socket.gethostname(), _kernel())
        return mine and started(self.pid) != self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class BusyError(Exception):
    """Somebody else holds the lease, as far as anybody knows.

    Args:
        path: the lease.
        owner: who holds it; None if the file does not tell.
        stale: seconds without renewal after which it is taken over.
    """

    def __init__(self, path: Path, owner: Owner | None, stale: float) -> None:
        self.path = path
        self.owner = owner
        self.who = str(owner or "another run")
        after = f"{stale / 60:g} min" if stale >= 60 else f"{stale:g} s"
        taken = f"is taken over {after} after its last renewal, or at once by `run --take-over`"
        self.until = f"its lease `{path}` {taken}"
        super().__init__(f"{path} is held by {self.who}")


class LostError(Exception):
    """The lease was taken over by somebody else: what was found under it is theirs to find."""


class Lease:
    """A lease that is held; leaving it, or `release`, gives it back."""

    def __init__(self, path: Path, owner: Owner, leases: Leases) -> None:
        self.path = path
        self.owner = owner
        self._leases = leases

    def renew(self) -> bool:
        """Say that the work lasts; False if the lease was taken over meanwhile."""
        with write_errors(self.path):
            try:
                if _look(self.path)[1] != self.owner:
                    return False
                os.utime(self.path)
                # looked at again, for it may have been removed as stale in between
                return _look(self.path)[1] == self.owner
            except FileNotFoundError:
                return False

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        if self._leases.forget(self):
            with suppress(OSError, SegablateError):
                if self.renew():
                    self.path.unlink()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Leases:
    """The leases that this process holds and those that it looks at, on one file system.

    Args:
        renew: seconds between two renewals.
        stale: seconds without one after which a lease is taken over.
        sign: what the jobs of its leases begin with, by which who has begun this process finds them.
    """

    def __init__(self, renew: float = RENEW, stale: float = STALE, sign: str = "") -> None:
        self.period = renew
        self.stale = stale
        self.sign = sign
        self._held: set[Lease] = set()
        self._lock = threading.RLock()
        self._renewer: threading.Thread | None = None
        self._seen: dict[Path, tuple[_Stamp, float]] = {}
        self._clock = (0.0, float("-inf"))

    def take(self, path: Path) -> Lease:
        """Take a lease, over a dead or stale one if need be.

        Raises:
            BusyError: somebody else holds it.
            SegablateError: the file system refused.
        """
        with write_errors(path):
            while True:
                path.parent.mkdir(parents=True, exist_ok=True)
                if busy := self.holder(path):
                    raise busy
                # somebody was quicker, and may have swept away what was not a lease yet
                with suppress(FileExistsError, FileNotFoundError):
                    return self._made(path)

    def holder(self, path: Path) -> BusyError | None:
        """Who holds a lease, if anybody does; one that is dead or stale is removed.

        Raises:
            SegablateError: the file system refused.
        """
        with write_errors(path):
            try:
                stamp, owner = _look(path)
            except (FileNotFoundError, NotADirectoryError):
                self._seen.pop(path, None)
                return None
            if not (owner and owner.dead) and not self._stale(path, stamp):
                return BusyError(path, owner, self.stale)
            self._seen.pop(path, None)
            _remove(path, stamp)
        return None

    def take_away(self, path: Path, sign: str = "") -> None:
        """Remove a lease, whoever holds it, or only one of that sign.

        Raises:
            SegablateError: the file system refused.
        """
        with write_errors(path), suppress(FileNotFoundError, NotADirectoryError):
            stamp, owner = _look(path)
            if not sign or (owner and owner.job.startswith(sign)):
                _remove(path, stamp)

    def give_back(self) -> None:
        """Release all that are held, where there is no other way out."""
        for lease in tuple(self._held):
            lease.release()

    def forget(self, lease: Lease) -> bool:
        """Renew a lease no longer; False if it was not held."""
        with self._lock:
            held = lease in self._held
            self._held.discard(lease)
        return held

    def _made(self, path: Path) -> Lease:
        lease = Lease(path, Owner.here(self.sign), self)
        new = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
        try:
            new.write_text(json.dumps(asdict(lease.owner)), encoding="utf-8")
            _name(new, path)
        finally:
            with suppress(OSError):
                new.unlink()
        with self._lock:
            self._held.add(lease)
            if self._renewer is None:
                self._renewer = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._renewer.start()
        return lease

    def _renew(self) -> None:
        while True:
            time.sleep(self.period)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._renewer = None
                    return
            for lease in held:
                with suppress(SegablateError):  # the next round may reach the file system again
                    lease.renew()

    def _stale(self, path: Path, stamp: _Stamp) -> bool:
        if self._now(path.parent) - stamp[1] / 1e9 > self.stale:
            return True
        now = time.monotonic()
        before, since = self._seen.get(path, (None, now))
        if before != stamp:
            self._seen[path] = (stamp, now)
            return False
        return now - since > self.stale

    def _now(self, folder: Path) -> float:
        """The time by the file system's clock."""
        ticks = time.monotonic()
        if ticks - self._clock[1] > PROBE:
            probe, now = folder / f".lease.{token_hex(4)}.tmp", time.time()
            with suppress(OSError):  # no room, or no right: it is left to our own clock
                os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                now = probe.stat().st_mtime
                probe.unlink()
            self._clock = (now, ticks)
        return self._clock[0] + ticks - self._clock[1]


def started(pid: int) -> str | None:
    """When a process started, as the system tells it; "" if it does not tell, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the command's name stands in brackets and may hold anything, brackets too
            fields = file.read().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    except (FileNotFoundError, ProcessLookupError):
        return None if os.path.exists("/proc/self/stat") else _started_elsewhere(pid)


def _started_elsewhere(pid: int) -> str | None:
    """The same where there is no /proc: macOS and the BSDs."""
    try:
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except subprocess.CalledProcessError:
        return None
    except OSError:
        return ""


@functools.cache
def _kernel() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{file.read().strip()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _name(new: Path, path: Path) -> None:
    """Give a file its name if nobody has it: who is killed in between leaves no lease of nobody knows whom.

    Raises:
        FileExistsError: there is one.
    """
    try:
        os.link(new, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with path.open("x", encoding="utf-8") as file:
            file.write(new.read_text(encoding="utf-8"))


def _look(path: Path) -> tuple[_Stamp, Owner | None]:
    """A file's stamp, and the owner it names; None if it names none.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none.
    """
    status = os.lstat(path)
    return (status.st_ino, status.st_mtime_ns), _owner(path) if stat.S_ISREG(status.st_mode) else None


def _owner(path: Path) -> Owner | None:
    try:
        with path.open("rb") as file:
            raw = json.loads(file.read(LONGEST))
        words = [raw[name] for name in ("host", "kernel", "started", "job", "time")]
        whole = all(isinstance(word, str) and word.isprintable() for word in words)
        return Owner(**raw) if whole and type(raw["pid"]) is int and 0 < raw["pid"] < MOST_PID else None
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _remove(path: Path, stamp: _Stamp) -> None:
    """Remove a lease as it was when it was looked at; one that has changed since stays."""
    gone = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    with suppress(FileNotFoundError):
        os.rename(path, gone)
        status = os.lstat(gone)
        if (status.st_ino, status.st_mtime_ns) != stamp:
            with suppress(OSError):  # if somebody has taken it this very moment, its owner will notice
                os.link(gone, path)
        if stat.S_ISDIR(status.st_mode):
            os.rename(gone, path.with_name(f"{path.name}.broken-{token_hex(4)}"))
        else:
            gone.unlink()
