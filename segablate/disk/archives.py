"""Archives of arrays that are the same bytes twice, and of which no more is read than fits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from segablate.errors import SegablateError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip archive can name
# a matrix of 150 classes an image for 10,000 images, which pack to a hundredth of it
MOST_UNPACKED = 2 << 30


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An `.npz` archive: names sorted, no dates, no objects.

    Raises:
        ValueError: an array holds Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.asanyarray(arrays[name]), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.getvalue())
    return buffer.getvalue()


def unpack(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an archive.

    Raises:
        SegablateError: the file is not there, is not whole, holds objects, or more than is unpacked.
    """
    try:
        # the handle is ours: numpy leaves its own open where the archive is broken
        with path.open("rb") as file:
            return arrays(file, str(path))
    except FileNotFoundError as error:
        raise SegablateError("this file is not there", where=str(path)) from error
    except SegablateError:
        raise
    except Exception as error:  # whatever the bytes make of numpy, zipfile and zlib
        raise SegablateError("this is not a whole archive of arrays", where=str(path)) from error


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
