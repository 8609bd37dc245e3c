"""The store: what became of every cell, kept so that nothing finished is lost or done twice.

<root>/<measure>/<key>/outcome.json      beside the files of the outcome
<root>/<measure>/<key>/lease             while somebody works on it
<root>/cache/<name>/<key>.npz            arrays that several cells use
<root>/cache/<name>/<key>/               unfinished work: checkpoints, memory-mapped features
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from segablate.disk import locked, plain, set_aside, sweep, text, write, write_errors
from segablate.disk.archives import pack, unpack
from segablate.disk.lease import BusyError, Lease, Leases, LostError
from segablate.errors import SegablateError
from segablate.measures.base import Arrays
from segablate.records import Outcome, Reads
from segablate.report.words import visible
from segablate.run.plan import Cell, exclusive, key

OUTCOME = "outcome.json"
LEASE = "lease"
CACHE = "cache"
LOCK = ".lock"  # of a workspace, held by who writes to it
BUSY = "load"  # the flag that others wanted the cores
WAIT = 0.2  # seconds between two looks at a lease
QUIET = 5.0  # seconds of waiting that are not worth a word

Stamp: TypeAlias = tuple[int, int]
Artefacts: TypeAlias = Mapping[str, Arrays | bytes]


def say(message: str) -> None:
    """Tell on stderr."""
    print(visible(f"note: {message}"), file=sys.stderr)


class Store:
    """Outcomes, their files and shared arrays under one folder.

    Args:
        root: made when first written to.
        tell: called with what a person should know: a file set aside, a lease waited for.
        leases: of this process.
    """

    def __init__(self, root: Path, tell: Callable[[str], None] = say, leases: Leases | None = None) -> None:
        self.root = Path(root)
        self.tell = tell
        self.leases = leases or Leases()

    def folder(self, cell: Cell) -> Path:
        """Where a cell's outcome and its files lie."""
        return self.root / cell.measure / cell.key

    def outcome(self, cell: Cell) -> Outcome | None:
        """What became of a cell; None if nothing has yet, or if the file or the number cannot be trusted."""
        outcome = self._read(self.folder(cell) / OUTCOME, cell.key)
        return None if outcome and _taken_beside_others(cell, outcome) else outcome

    def outcomes_of(self, cells: Iterable[Cell]) -> dict[str, Outcome | None]:
        """What became of each of these cells, by key, as `outcome` tells it."""
        return {cell.key: self.outcome(cell) for cell in cells}

    def outcomes(self, measure: str) -> Iterator[Outcome]:
        """All outcomes of a measure, by key."""
        for path in sorted((self.root / measure).glob(f"*/{OUTCOME}")):
            outcome = self._read(path, path.parent.name)
            if outcome:
                yield outcome

    def stamp(self, cell: Cell) -> Stamp | None:
        """Changes whenever a new outcome of the cell is put; None while there is none."""
        return _stamp(self.folder(cell) / OUTCOME)

    def put(
        self,
        cell: Cell,
        outcome: Outcome,
        artefacts: Artefacts | None = None,
        lease: Lease | None = None,
    ) -> None:
        """Keep an outcome and its files: all of it, or nothing has changed.

        Raises:
            LostError: the lease under which it was found was taken over.
            SegablateError: the file system refused.
            TypeError, ValueError: a fact is not a JSON value, or an array holds objects.
        """
        folder = self.folder(cell)
        files = {name: _bytes(name, content) for name, content in (artefacts or {}).items()}
        before = self._read(folder / OUTCOME, cell.key)
        told_outcome = outcome.to_json() + "\n"

        def ready() -> None:
            _still_ours(lease)
            # an old outcome must never stand beside new files
            if before and files:
                with suppress(FileNotFoundError):
                    os.unlink(folder / OUTCOME)

        write(folder, {**files, OUTCOME: told_outcome.encode()}, ready=ready)
        for name in set(before.artefacts if before else ()) - set(files):
            with suppress(OSError, ValueError):
                os.unlink(folder / plain(name))

    def lease(self, cell: Cell) -> Lease:
        """Take a cell for this process, over a dead or stale lease if need be.

        Raises:
            BusyError: another process has it.
            SegablateError: the file system refused.
        """
        lease = self.leases.take(self.folder(cell) / LEASE)
        sweep(self.folder(cell))
        return lease

    def holder(self, cell: Cell) -> BusyError | None:
        """Who is working on a cell, if anybody is."""
        return self.leases.holder(self.folder(cell) / LEASE)

    def take_over(self, cells: Iterable[Cell], sign: str = "") -> None:
        """End the leases of these cells and of all shared arrays: those of a sign, or whoever holds them.

        Raises:
            SegablateError: the file system refused.
        """
        for cell in cells:
            self.leases.take_away(self.folder(cell) / LEASE, sign)
        for path in (self.root / CACHE).glob(f"*/*.{LEASE}"):
            self.leases.take_away(path, sign)

    def artefact(self, cell: Cell, name: str) -> Arrays:
        """The arrays of a file kept beside an outcome.

        Raises:
            SegablateError: it is not there or not whole.
        """
        return unpack(self.folder(cell) / plain(name))

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        """Arrays that depend on `reads` only: read, or built once and kept.

        Another process that is building them is waited for, and named if that takes long.
        """
        folder = self.root / CACHE / plain(name)
        called = key(f"{CACHE}/{name}", 1, reads, None)
        path = folder / f"{called}.npz"
        quiet, named = time.monotonic() + QUIET, ""
        while True:
            stored = self._arrays(path)
            if stored is not None:
                return stored
            try:
                with self.leases.take(folder / f"{called}.{LEASE}") as lease:
                    return self._build(path, build, lease)
            except BusyError as busy:
                if busy.who != named and time.monotonic() >= quiet:
                    named = busy.who
                    self.tell(
                        f"{named} builds `{name}`, which several cells use, and is waited for; {busy.until}"
                    )
                time.sleep(WAIT)
            except LostError:
                continue  # who took it over builds the same

    def workspace(self, name: str, reads: Reads) -> Path:
        """A folder for unfinished work that depends on `reads` only; made if it is not there.

        Raises:
            SegablateError: the file system refused.
        """
        folder = self.root / CACHE / plain(name) / key(f"{CACHE}/{name}", 1, reads, None)
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sweep(self) -> None:
        """Remove unfinished files that killed runs left in workspaces where nobody works now."""
        for folder in {left.parent for left in (self.root / CACHE).glob("*/*/.*.tmp")}:
            if (folder / LOCK).exists():
                with suppress(OSError), locked(folder / LOCK, wait=False):
                    sweep(folder)

    def _build(self, path: Path, build: Callable[[], Arrays], lease: Lease) -> Arrays:
        sweep(path.parent, path.name)
        stored = self._arrays(path)  # built while the lease was being taken
        if stored is None:
            stored = build()
            write(path.parent, {path.name: pack(stored)}, ready=lambda: _still_ours(lease))
        return stored

    def _arrays(self, path: Path) -> Arrays | None:
        stamp = _stamp(path)
        if stamp is None:
            return None
        try:
            return unpack(path)
        except SegablateError as error:
            self._distrust(path, stamp, str(error))
            return None

    def _read(self, path: Path, expected: str) -> Outcome | None:
        stamp = _stamp(path)
        if stamp is None:
            return None
        try:
            outcome = Outcome.from_json(text(path), where=str(path))
            if outcome.key != expected:
                raise SegablateError(f"this is the outcome of cell `{outcome.key}`", where=str(path))
        except FileNotFoundError:  # another run is putting a new one
            return None
        except SegablateError as error:
            self._distrust(path, stamp, str(error))
            return None
        return outcome

    def _distrust(self, path: Path, stamp: Stamp, why: str) -> None:
        if _stamp(path) != stamp:  # somebody has put a new one since it was read
            return
        aside = set_aside(path)
        if aside and _stamp(aside) != stamp:  # or in this very moment
            os.replace(aside, path)
            return
        self.tell(f"{why}; " + (f"it is kept as `{aside.name}`" if aside else "it is not used"))


def _taken_beside_others(cell: Cell, outcome: Outcome) -> bool:
    """Whether a measure that must have the machine to itself had not, as far as its outcome tells.

    Outcomes of before that was recorded tell it by their threads, for a worker beside others had one, or by
    the flag that the machine was busy.
    """
    if not exclusive(cell.measure) or outcome.status != "done":
        return False
    if outcome.exclusive is not None:
        return not outcome.exclusive
    threads, flags = cell.reads.get("threads"), outcome.facts.get("flags")
    busy = isinstance(flags, list) and any(
        isinstance(flag, dict) and flag.get("name") == BUSY for flag in flags
    )
    return busy or outcome.machine.get("threads", threads) != threads


def _still_ours(lease: Lease | None) -> None:
    if lease and not lease.renew():
        raise LostError(f"{lease.path} was taken over")


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_ino, status.st_mtime_ns


def _bytes(name: str, content: Arrays | bytes) -> bytes:
    plain(name)
    if isinstance(content, bytes):
        return content
    if not name.endswith(".npz"):
        raise ValueError(f"arrays are kept in `.npz` files, not in {name!r}")
    return pack(content)
