"""Files that appear whole or not at all, are written by one process at a time, and read without trust."""

from __future__ import annotations

import errno
import fcntl
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import numpy as np

from segablate.errors import SegablateError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# a matrix of 150 classes an image for 10,000 images, which pack to a hundredth of it
MOST_UNPACKED = 2 << 30
NO_RIGHT = {errno.EROFS, errno.EACCES, errno.EPERM}


class DamagedError(SegablateError):
    """A file that we derived was damaged and has been set aside: what needed it may be tried again."""


@contextmanager
def told(path: Path, option: str = "--store") -> Iterator[None]:
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
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


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


def unpacked(file: BinaryIO) -> int:
    """Bytes that the entries of a zip archive say they hold, of which no more is ever read.

    Raises:
        Exception: it is no such archive.
    """
    with zipfile.ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def arrays(file: BinaryIO, name: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` archive, which is called so in messages.

    Raises:
        SegablateError: a small file is about to fill the memory.
        Exception: whatever other bytes make of numpy, zipfile and zlib.
    """
    size = unpacked(file)
    if size > MOST_UNPACKED:
        raise SegablateError(
            f"this archive holds {size / 2**30:,.1f} GiB, and what holds more than "
            f"{MOST_UNPACKED / 2**30:g} GiB is not unpacked",
            where=name,
        )
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        return {array: archive[array] for array in archive.files}
