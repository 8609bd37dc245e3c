"""The matrices of single images, and of those that belong together, that a training keeps."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from segablate.errors import SegablateError
from segablate.evidence.images import Pixels
from segablate.report.data import unpack

IMAGES = "images.npz"
BLOCKS = "blocks.npz"


def of_file(path: Path) -> Pixels | None:
    """Pixels a class of each test image, or of each block of them; None where there is no such file.

    Raises:
        SegablateError: it holds something else.
    """
    return of_bytes(path.read_bytes(), str(path)) if path.is_file() else None


def of_bytes(content: bytes, name: str) -> Pixels:
    """The same from a file's content.

    Raises:
        SegablateError: it holds something else.
    """
    stored = unpack(io.BytesIO(content), name)
    names, confusions = stored.get("names"), stored.get("confusions")
    if names is None or confusions is None or not _matrices(names, confusions):
        raise SegablateError("this archive has no matrices of images", where=name, hint="run the study again")
    return Pixels.of([str(name) for name in names], confusions)


def _matrices(names: np.ndarray, confusions: np.ndarray) -> bool:
    """Whether there is a square of whole numbers for each name."""
    square = confusions.ndim == 3 and confusions.shape[1] == confusions.shape[2]
    return square and names.shape == confusions.shape[:1] and confusions.dtype.kind in "iu"
