"""Claims: one run works on a cell at a time, and what a dead one held is taken over.

A claim is a file that names host, process and the time the process started. A process number is
given out again after its owner's death, so number and start must both fit. Only a claim of the same
host can be found dead; one of another host is taken at its word.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from segablate.disk import told

LONGEST_WRITE = 10.0  # seconds after which a claim that cannot be read is taken for a dead one
LOCK = ".lock"

_held: set[Claim] = set()


@dataclass(frozen=True)
class Owner:
    """Who holds a claim: `started` is "" where the system does not tell."""

    host: str
    pid: int
    started: str

    @classmethod
    def here(cls) -> Owner:
        """This process."""
        return cls(socket.gethostname(), os.getpid(), started(os.getpid()) or "")

    @property
    def alive(self) -> bool:
        """False only if it is certain that the process is gone."""
        return self.host != socket.gethostname() or started(self.pid) == self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class BusyError(Exception):
    """Somebody alive holds the claim."""

    def __init__(self, path: Path, owner: Owner | None) -> None:
        super().__init__(f"{path} is held by {owner or 'another run'}")
        self.path = path
        self.owner = owner


class Claim:
    """A claim that is held; leaving it, or `release`, gives it back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _held.add(self)

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        if self in _held:
            _held.discard(self)
            with suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(path: Path, lock: Path) -> Claim:
    """Take a claim, over a dead one if need be.

    Args:
        path: the claim's file.
        lock: folder of the lock that makes looking and taking one step on this host.

    Raises:
        BusyError: somebody alive holds it.
        SegablateError: the file system refused.
    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(lock):
            if busy := holder(path):
                raise busy
            path.unlink(missing_ok=True)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:  # another host was quicker
                raise BusyError(path, None) from None
            taken = Claim(path)
            try:
                with os.fdopen(handle, "w") as file:
                    json.dump(asdict(Owner.here()), file)
            except BaseException:
                taken.release()
                raise
    return taken


def give_all_back() -> None:
    """Release every claim of this process, which has no other way left."""
    for one in tuple(_held):
        one.release()


def holder(path: Path) -> BusyError | None:
    """Who holds a claim, if anybody alive does."""
    try:
        raw = json.loads(path.read_text())
        owner = Owner(str(raw["host"]), int(raw["pid"]), str(raw["started"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return BusyError(path, None) if _young(path) else None
    return BusyError(path, owner) if owner.alive else None


def started(pid: int) -> str | None:
    """When a process started, as the system tells it; "" if it does not tell, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the command's name stands in brackets and may hold anything, brackets too
            fields = file.read().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else f"{_boot()}/{fields[19].decode()}"
    except (FileNotFoundError, ProcessLookupError):
        return None if os.path.exists("/proc/self/stat") else _started_elsewhere(pid)


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def _started_elsewhere(pid: int) -> str | None:
    """The same where there is no /proc: macOS and the BSDs."""
    try:
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except subprocess.CalledProcessError:
        return None
    except OSError:
        return ""


def _young(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < LONGEST_WRITE
    except OSError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
