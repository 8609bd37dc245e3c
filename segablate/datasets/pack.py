"""Many arrays of bytes in one file that is opened in no time: the system maps it into memory.

    ┌────────┬─────────┬─────────┬─ … ─┬────────────────────┬────────┐
    │ header │ array 0 │ array 1 │     │ index, NumPy's npz │ footer │
    └────────┴─────────┴─────────┴─ … ─┴────────────────────┴────────┘
                                        names, shapes, offsets   where the index lies, and its hash

The file is written under another name and renamed when it is whole and on the disk. Its footer comes
last, so that a file which was cut short is not taken for a whole one.
"""

from __future__ import annotations

import hashlib
import io
import math
import mmap
import os
import struct
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import numpy as np

from segablate.errors import SegablateError

MAGIC = b"segablate pack 1"
ALIGNMENT = 64  # of arrays, in bytes: a cache line
_FOOTER = struct.Struct("<QQ32s16s")  # where the index begins, how long it is, its SHA-256, MAGIC
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, struct.error, zipfile.BadZipFile)


class Pack:
    """A pack that has been written, read-only.

    Args:
        path: its file.

    Raises:
        SegablateError: there is no such file, or it is not a whole pack.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
            names, self.shapes, self._offsets = _index(self._bytes)
        except FileNotFoundError:
            raise SegablateError("there is no such file", where=str(path)) from None
        except _UNREADABLE as error:
            raise SegablateError("this is not a whole pack of decoded pictures", where=str(path)) from error
        self.names: tuple[str, ...] = tuple(names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        """The array as it lies in the file: a view of uint8 that cannot be written to."""
        begin, shape = self._offsets[index], self.shapes[index]
        return self._bytes[begin : begin + math.prod(shape)].reshape(shape)

    def __reduce__(self) -> tuple[type[Pack], tuple[Path]]:
        return Pack, (self.path,)  # another process maps the file itself


def write_pack(path: Path, names: Sequence[str], arrays: Iterable[np.ndarray]) -> None:
    """Write arrays of uint8, all of as many dimensions; the file appears whole or not at all.

    Args:
        path: its folder must be there.
        names: one an array.
        arrays: taken one after the other, never all at once.

    Raises:
        OSError: the file system refused.
    """
    temporary = path.with_name(f"{staging(path)}{os.getpid()}-{token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            _write(file, names, arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def staging(path: Path) -> str:
    """How the names of unfinished files begin, so that who holds the lock can remove a dead one's."""
    return f".{path.name}."


def _write(file: BinaryIO, names: Sequence[str], arrays: Iterable[np.ndarray]) -> None:
    file.write(MAGIC.ljust(ALIGNMENT, b"\0"))
    at, offsets, shapes = ALIGNMENT, [], []
    for _, array in zip(names, arrays, strict=True):
        offsets.append(at)
        shapes.append(array.shape)
        file.write(np.ascontiguousarray(array, np.uint8).data)
        padding = -array.size % ALIGNMENT
        file.write(bytes(padding))
        at += array.size + padding
    index = io.BytesIO()
    np.savez(index, names=np.array(names), shapes=np.array(shapes, np.int64), offsets=np.array(offsets))
    packed = index.getvalue()
    file.write(packed)
    file.write(_FOOTER.pack(at, len(packed), hashlib.sha256(packed).digest(), MAGIC))


def _index(held: np.ndarray) -> tuple[list[str], list[tuple[int, ...]], list[int]]:
    begin, size, digest, magic = _FOOTER.unpack(held[-_FOOTER.size :].tobytes())
    packed = held[begin : begin + size].tobytes()
    if magic != MAGIC or hashlib.sha256(packed).digest() != digest:
        raise ValueError("footer and index do not fit")
    if begin + size + _FOOTER.size != held.size:
        raise ValueError("the file is longer or shorter than it says")
    with np.load(io.BytesIO(packed), allow_pickle=False) as index:
        shapes = [tuple(shape) for shape in index["shapes"].tolist()]
        return index["names"].tolist(), shapes, index["offsets"].tolist()


def _sync(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
