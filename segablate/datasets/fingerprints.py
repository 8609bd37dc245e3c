"""Hashes of what files hold, taken once a process."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from segablate.errors import SegablateError

DIGITS = 32
_MOST_THREADS = 8
_BATCH = 256
_known: dict[Hashable, str] = {}
_lock = threading.Lock()


def once(key: Hashable, make: Callable[[], str]) -> str:
    """The fingerprint under `key`: made when first asked for, then the same until the process ends."""
    with _lock:
        if key not in _known:
            _known[key] = make()
        return _known[key]


def of_text(text: str) -> str:
    """A fingerprint of settings."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def of_files(files: Sequence[tuple[str, Path]], more: str = "") -> str:
    """A fingerprint of the names of files and of their bytes, in their order.

    Args:
        files: name of the item and where its file lies.
        more: whatever else decides how the bytes are read.

    Raises:
        SegablateError: a file cannot be read.
    """
    whole = hashlib.sha256(more.encode())
    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        for digests in pool.map(_digests, batches):
            whole.update(digests)
    return whole.hexdigest()[:DIGITS]


def _digests(files: Iterable[tuple[str, Path]]) -> bytes:
    return b"".join(_digest(name, path) for name, path in files)


def _digest(name: str, path: Path) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.readall()
    except FileNotFoundError:
        raise SegablateError("there is no such file", where=str(path)) from None
    except OSError as error:
        raise SegablateError(f"this file cannot be read: {error.strerror}", where=str(path)) from None
    return hashlib.sha256(name.encode(errors="surrogateescape") + b"\0" + data).digest()
