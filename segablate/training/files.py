"""Files of unfinished work: written whole, and read without trust."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from segablate.disk import distrust, staged, write_errors


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint: the whole of it, or nothing has changed.

    Raises:
        SegablateError: the file system refused.
    """
    with write_errors(path), staged(path) as file:
        try:
            torch.save(dict(content), file)
        except RuntimeError as error:
            # torch writes on while the error comes up, and complains of what is missing
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None


def load(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint; None if there is none.

    Raises:
        DamagedError: it is not a whole one, and has been set aside.
    """
    try:
        # torch does not look at the sums that it writes
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        content = None if damaged else torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except MemoryError:
        raise
    except Exception as error:  # whatever the bytes make of torch and zipfile
        raise distrust(path, "this is not a whole checkpoint") from error
    if not isinstance(content, dict):
        raise distrust(path, "this is not a whole checkpoint")
    return content


def forget(path: Path, run: str) -> None:
    """Remove a checkpoint that is not of a run, once: what the run keeps from here on is its own.

    Args:
        path: the checkpoint.
        run: token of the run, which is kept beside the checkpoint; "": any checkpoint will do.
    """
    owner = path.with_suffix(".run")
    with write_errors(path), suppress(FileNotFoundError):
        if run and not (owner.exists() and owner.read_bytes() == run.encode()):
            path.unlink(missing_ok=True)
            owner.write_text(run, encoding="utf-8")
