"""Many arrays in one file that is opened in no time: the system maps it into memory.

    ┌────────┬─────────┬─────────┬─ … ─┬────────────────────┬────────┐
    │ header │ array 0 │ array 1 │     │ index, NumPy's npz │ footer │
    └────────┴─────────┴─────────┴─ … ─┴────────────────────┴────────┘
                                        names, shapes, offsets, sums   where the index lies, and its hash

The file is written under another name and renamed when it is whole and on the disk. Its footer comes
last, so that a file which was cut short is not taken for a whole one. Each array has a CRC-32, which is
looked at when a process first reads that array: gigabytes are not read to be opened, and three of them take
a second to check.
"""

from __future__ import annotations

import hashlib
import io
import math
import mmap
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from segablate.disk import DamagedError, distrust, staged
from segablate.errors import SegablateError

MAGIC = b"segablate pack 2"
ALIGNMENT = 64  # of arrays, in bytes: a cache line
_FOOTER = struct.Struct("<QQ32s16s")  # where the index begins, how long it is, its SHA-256, MAGIC
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, struct.error, zipfile.BadZipFile, zlib.error)

Shape: TypeAlias = tuple[int, ...]


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
                self._file = os.fstat(file.fileno()).st_ino
                self._bytes = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
            index = _index(self._bytes)
            self.names: tuple[str, ...] = tuple(index["names"].tolist())
            self.shapes: tuple[Shape, ...] = tuple(tuple(shape) for shape in index["shapes"].tolist())
            self._offsets, self._sums = index["offsets"].tolist(), index["sums"].tolist()
            self._dtype = np.dtype(str(index["dtype"]))
        except FileNotFoundError:
            raise SegablateError("there is no such file", where=str(path)) from None
        except _UNREADABLE as error:
            raise SegablateError("this is not a whole pack of arrays", where=str(path)) from error
        self._checked = bytearray(len(self.names))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        """The array as it lies in the file: a view that cannot be written to.

        Raises:
            DamagedError: it is not what was written; the file has been set aside.
        """
        begin, shape = self._offsets[index], self.shapes[index]
        held = self._bytes[begin : begin + math.prod(shape) * self._dtype.itemsize]
        if not self._checked[index]:
            self._check(index, held)
        return held.view(self._dtype).reshape(shape)

    def __reduce__(self) -> tuple[type[Pack], tuple[Path]]:
        return Pack, (self.path,)  # another process maps the file itself

    def _check(self, index: int, held: np.ndarray) -> None:
        if zlib.crc32(held.data) != self._sums[index]:
            why = f"`{self.names[index]}` is not what was written"
            try:
                ours = self.path.stat().st_ino == self._file
            except OSError:
                ours = False
            # another process may have found it out, and made another one
            raise distrust(self.path, why) if ours else DamagedError(why, where=str(self.path))
        self._checked[index] = True


class Writer:
    """Takes the arrays of a pack, one after the other.

    Args:
        file: where they go.
        dtype: of all of them.
    """

    def __init__(self, file: BinaryIO, dtype: Any) -> None:
        self._file = file
        self._dtype = np.dtype(dtype)
        self._at = file.write(MAGIC.ljust(ALIGNMENT, b"\0"))
        self._index: list[tuple[str, Shape, int, int]] = []

    def add(self, name: str, array: np.ndarray) -> None:
        """Append an array; all have as many dimensions."""
        held = np.ascontiguousarray(array, self._dtype)
        self._index.append((name, held.shape, self._at, zlib.crc32(held.data)))
        self._file.write(held.data)
        self._at += held.nbytes + self._file.write(bytes(-held.nbytes % ALIGNMENT))

    def close(self) -> None:
        """Append what finds them again."""
        names, shapes, offsets, sums = zip(*self._index, strict=True) if self._index else ((),) * 4
        index = io.BytesIO()
        np.savez(
            index,
            names=np.array(names, str),
            shapes=np.array(shapes, np.int64),
            offsets=np.array(offsets, np.int64),
            sums=np.array(sums, np.uint32),
            dtype=np.array(self._dtype.str),
        )
        packed = index.getvalue()
        self._file.write(packed)
        self._file.write(_FOOTER.pack(self._at, len(packed), hashlib.sha256(packed).digest(), MAGIC))


@contextmanager
def writing(path: Path, dtype: Any = np.uint8) -> Iterator[Writer]:
    """Write a pack; the file appears whole or not at all.

    Args:
        path: its folder must be there.
        dtype: of its arrays.

    Raises:
        OSError: the file system refused.
    """
    with staged(path) as file:
        writer = Writer(file, dtype)
        yield writer
        writer.close()


def write_pack(path: Path, names: Sequence[str], arrays: Iterable[np.ndarray]) -> None:
    """Write arrays of uint8, all of as many dimensions; the file appears whole or not at all.

    Args:
        path: its folder must be there.
        names: one an array.
        arrays: taken one after the other, never all at once.

    Raises:
        OSError: the file system refused.
    """
    with writing(path) as writer:
        for name, array in zip(names, arrays, strict=True):
            writer.add(name, array)


def opened(
    path: Path, notify: Callable[[str], None] | None, shapes: Sequence[Shape] | None = None
) -> Pack | None:
    """The pack, if there is a whole one.

    Args:
        path: its file.
        notify: called with what was wrong with a file, which is then set aside; None: it is left where it is.
        shapes: that its arrays must have; any if not given.
    """
    if not path.exists():
        return None
    try:
        pack = Pack(path)
        if shapes is not None and list(pack.shapes) != list(shapes):
            raise SegablateError("the arrays of this pack are of other sizes", where=str(path))
    except SegablateError as error:
        if notify:
            notify(str(distrust(path, error.message)))
        return None
    return pack


def _index(held: np.ndarray) -> dict[str, np.ndarray]:
    begin, size, digest, magic = _FOOTER.unpack(held[-_FOOTER.size :].tobytes())
    packed = held[begin : begin + size].tobytes()
    if magic != MAGIC or hashlib.sha256(packed).digest() != digest:
        raise ValueError("footer and index do not fit")
    if begin + size + _FOOTER.size != held.size:
        raise ValueError("the file is longer or shorter than it says")
    with np.load(io.BytesIO(packed), allow_pickle=False) as index:
        return dict(index)
