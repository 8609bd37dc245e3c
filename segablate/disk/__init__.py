"""Files that appear whole or not at all, are written by one process at a time, and read without trust.

| here | files written whole, locked by this machine, set aside |
|---|---|
| `archives` | arrays packed to the same bytes each time, and unpacked within bounds |
| `lease` | one process works on a thing at a time, on whatever host |
| `machine_lock` | a timing has the machine to itself |
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from segablate.errors import SegablateError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_RIGHT = {errno.EROFS, errno.EACCES, errno.EPERM}
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class DamagedError(SegablateError):
    """A file that we derived was damaged and has been set aside: what needed it may be tried again."""


@contextmanager
def write_errors(path: Path, option: str = "--store") -> Iterator[None]:
    """Turn what the file system refuses into an error that names `path`.

    Args:
        path: what is being written.
        option: the command's option that chooses another place.
    """
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = f"choose another place with `{option}`" if error.errno in NO_RIGHT else None
        if error.errno in NO_ROOM:
            hint = "make room and run it again: what was finished is kept"
        raise SegablateError(f"cannot be written: {why}", where=str(path), hint=hint) from error


def text(path: Path) -> str:
    """What a text file holds.

    Raises:
        SegablateError: it is not UTF-8.
        OSError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SegablateError("this is not text", where=str(path)) from error


@contextmanager
def staged(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which gets its name when it is whole and on the disk; else nothing is left of it.

    Raises:
        OSError: the file system refused.
    """
    with _unnamed(path) as (temporary, file):
        yield file
        _flushed(file)
        os.replace(temporary, path)
    sync(path.parent)


def write(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    ready: Callable[[], None] | None = None,
    option: str = "--store",
) -> None:
    """Write files into a folder, each whole or not at all, in their order.

    Args:
        folder: made if it is not there.
        files: name → content; a name is a plain one, without folders.
        ready: called when all content is safely on the disk and before any file gets its name.
        option: the command's option that chooses another place.

    Raises:
        SegablateError: the file system refused; then nothing has changed and nothing is left behind.
    """
    with write_errors(folder, option):
        fresh = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as unnamed:
        ours: dict[str, Path] = {}
        for name, content in files.items():
            with write_errors(folder / name, option):
                ours[name], file = unnamed.enter_context(_unnamed(folder / plain(name)))
                file.write(content)
                _flushed(file)
                file.close()
        with write_errors(folder, option):
            if ready:
                ready()
            for name, temporary in ours.items():
                os.replace(temporary, folder / name)
            sync(folder)
            if fresh:
                sync(folder.parent)


def keep(folder: Path, files: Mapping[str, bytes], *, option: str = "--store") -> None:
    """Write those of the files that are not there just so: what is committed changes only where it differs.

    Raises:
        SegablateError: the file system refused; then nothing has changed and nothing is left behind.
    """
    if changed := {name: content for name, content in files.items() if not _holds(folder / name, content)}:
        write(folder, changed, option=option)


def plain(name: str) -> str:
    """A file name that cannot leave its folder."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    return name


@contextmanager
def _unnamed(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file beside `path`; what has not been given that name is removed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.tmp")
    try:
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as file:
            yield temporary, file
    finally:
        with suppress(OSError):
            temporary.unlink()


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _flushed(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, start: str = "") -> None:
    """Remove unfinished files that a killed writer left; only for who holds what they are for."""
    for left in folder.glob(f".{start}*.tmp"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock file; another process of this machine that wants it waits. A dead process holds nothing.

    Raises:
        BlockingIOError: it is held, and is not to be waited for.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def set_aside(path: Path) -> Path | None:
    """Give a file that cannot be trusted another name; None if it is gone or cannot be renamed."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    try:
        os.rename(path, aside)
    except OSError:
        return None
    return aside


def distrust(path: Path, why: str) -> DamagedError:
    """Set a damaged file aside, and say so."""
    aside = set_aside(path)
    became = f"it is kept as `{aside.name}`" if aside else "it is not used"
    return DamagedError(f"{why}; {became}", where=str(path))
