"""Hashes of what label maps hold, taken once a process."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from segablate.datasets.base import Item
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


def of_files(items: Sequence[Item], more: str = "") -> str:
    """A fingerprint of the items' names and of the bytes of their label files, in their order.

    Args:
        items: what is hashed.
        more: whatever else decides how the bytes are read.

    Raises:
        SegablateError: a label file cannot be read.
    """
    whole = hashlib.sha256(more.encode())
    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        for digests in pool.map(_digests, batches):
            whole.update(digests)
    return whole.hexdigest()[:DIGITS]


def _digests(items: Iterable[Item]) -> bytes:
    return b"".join(_digest(item) for item in items)


def _digest(item: Item) -> bytes:
    try:
        with open(str(item.label), "rb", buffering=0) as file:
            data = file.readall()
    except OSError as error:
        raise SegablateError(f"this file cannot be read: {error.strerror}", where=str(item.label)) from None
    name = item.name.encode(errors="surrogateescape")
    return hashlib.sha256(name + b"\0" + data).digest()
