"""Files that appear whole or not at all, and archives of arrays that are the same bytes twice."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import numpy as np

from segablate.disk import arrays, sync, told
from segablate.errors import SegablateError
from segablate.measures.base import Arrays

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip archive can name


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
    staged: dict[str, Path] = {}
    with told(folder, option):
        fresh = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, content in files.items():
            with told(folder / name, option):
                staged[name] = _stage(folder / plain(name), content)
        with told(folder, option):
            if ready:
                ready()
            for name in files:
                os.replace(staged[name], folder / name)
                del staged[name]
            sync(folder)
            if fresh:
                sync(folder.parent)
    finally:
        for temporary in staged.values():
            with suppress(OSError):
                temporary.unlink()


def plain(name: str) -> str:
    """A file name that cannot leave its folder."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    return name


def pack(given: Arrays) -> bytes:
    """An `.npz` archive: names sorted, no dates, no objects.

    Raises:
        ValueError: an array holds Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(given):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.asanyarray(given[name]), allow_pickle=False)
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


def _stage(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary
