"""Files of unfinished work: written whole, read without trust, and held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segablate.errors import SegablateError


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint: the whole of it, or nothing has changed.

    Raises:
        SegablateError: the file system refused.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise SegablateError(f"cannot be written: {error.strerror}", where=str(path)) from error


def load(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint; None if there is none, or if it is broken: then the work begins anew."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError):
        os.replace(path, path.with_name(f"{path.name}.broken"))
        return None
    return content if isinstance(content, dict) else None


def forget(path: Path, before: float) -> None:
    """Remove a checkpoint that was written before a time, in seconds since the epoch."""
    with suppress(FileNotFoundError):
        if path.stat().st_mtime < before:
            path.unlink()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder; another process of this machine that wants it waits. A dead process holds nothing."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def kept(path: Path, shape: tuple[int, ...], rows: Callable[[], Iterable[np.ndarray]]) -> np.ndarray:
    """A memory-mapped uint8 array that is computed once, row by row, whoever else asks for it.

    Args:
        path: where it lies.
        shape: of the whole; the first side counts the rows.
        rows: computes them, where the file is not there.
    """
    with alone(path.parent):
        if not path.exists():
            staged = path.with_suffix(".tmp")
            file = np.memmap(staged, np.uint8, "w+", shape=shape)
            for number, row in enumerate(rows()):
                file[number] = row
            file.flush()
            os.replace(staged, path)
    return np.memmap(path, np.uint8, "r", shape=shape)
