"""Reading label maps and images, with a clear error for each way in which a file can be wrong."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from segablate.datasets.lossy import HINT as LOSSY_HINT
from segablate.datasets.lossy import lossy
from segablate.datasets.png import read_indices
from segablate.errors import SegablateError

TIFF_BITS, TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
# what those suffixes stand for: Pillow knows more, and hands some of them on to other programs
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
SET_CLASSES = "say `classes: {needed}`, or what each value stands for with `data.values`"
_INDEX_MAPS = (
    "index maps are needed: one channel that holds the class; "
    "a palette PNG that was saved as RGB is the usual cause, save it in Pillow's mode `P`"
)
# Pillow stretches 2 and 4 bits of grey to 0…255, for eyes
_STRETCHED = {"L;2": 85, "L;4": 17}


def read_labels(
    path: Path,
    classes: int,
    ignore: int | None,
    *,
    remap: np.ndarray | None = None,
    remedy: str = SET_CLASSES,
) -> np.ndarray:
    """Read a label map: indices of any palette, grey, 1-bit or 16-bit picture, never colours.

    Args:
        path: the file.
        classes: how many classes there are.
        ignore: the one other value that is allowed.
        remap: what each value stands for, indexed by value; values beyond its end stay as they are.
        remedy: hint where a value is too high; `{needed}` becomes the number of classes it would take.

    Returns:
        uint8 or uint16 of shape (height, width).

    Raises:
        SegablateError: there is no such file, it is damaged, holds colours or several pictures, is over
            Pillow's size limit, or has a value that is neither a class nor `ignore`.
    """
    labels = _indices(path)
    mapped = labels if remap is None else _mapped(labels, remap)
    if not _in_range(mapped, classes, ignore):
        _refuse_value(path, labels, mapped, classes, ignore, remedy)
    return mapped


def read_image(path: Path) -> np.ndarray:
    """Read an image, uint8 of shape (height, width, 3).

    Raises:
        SegablateError: there is no such file, it is damaged, holds several pictures, numbers that are
            not colours, or is over Pillow's size limit.
    """
    image = _decoded(path, _bytes(path))
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise SegablateError(
            f"this picture holds numbers (mode `{image.mode}`), not colours", where=str(path)
        )
    return np.array(image.convert("RGB"))


def size_of(path: Path) -> tuple[int, int]:
    """Height and width of a picture, from its header.

    Raises:
        SegablateError: there is no such file, or it is no picture.
    """
    image = _opened(path, _bytes(path))
    return image.height, image.width


def _indices(path: Path) -> np.ndarray:
    data = _bytes(path)
    quick = read_indices(data, Image.MAX_IMAGE_PIXELS)
    return _pillow_indices(path, data) if quick is None else quick


def _pillow_indices(path: Path, data: bytes) -> np.ndarray:
    """Pillow's own reading: the reference that the quick way is held against."""
    stretched = _STRETCHED.get(_raw_mode(_opened(path, data)), 1)
    image = _decoded(path, data)
    if (form := lossy(image, data)) is not None:
        raise SegablateError(f"a {form} does not keep label values", where=str(path), hint=LOSSY_HINT)
    if image.mode in ("P", "L", "1"):
        values = np.asarray(image).astype(np.uint8)
        values = values if stretched == 1 else values // np.uint8(stretched)
        return _as_stored(image, values)
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _as_uint16(path, np.asarray(image))
    values = np.asarray(image)
    # WebP knows colours only, so a grey map comes back as three equal channels
    if image.format == "WEBP" and values.ndim == 3 and (values[..., :1] == values[..., 1:3]).all():
        return values[..., 0].copy()
    held = "fractions" if image.mode == "F" else "colours"
    raise SegablateError(
        f"this label map holds {held} (mode `{image.mode}`)", where=str(path), hint=_INDEX_MAPS
    )


def _as_stored(image: Image.Image, values: np.ndarray) -> np.ndarray:
    """A TIFF whose zero is white is turned round by Pillow, for the eye; labels are what was stored."""
    tags = getattr(image, "tag_v2", {})
    if image.format != "TIFF" or tags.get(TIFF_PHOTOMETRIC) != WHITE_IS_ZERO:
        return values
    bits = min(int(np.min(tags.get(TIFF_BITS, 1))), 8)
    most = np.uint8(2**bits - 1)
    turned: np.ndarray = most - values
    return turned


def _raw_mode(image: Image.Image) -> str:
    tiles = getattr(image, "tile", None)
    arguments = tiles[0][3] if tiles else ""
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return raw[:3] if isinstance(raw, str) else ""


def _as_uint16(path: Path, values: np.ndarray) -> np.ndarray:
    if values.size and (values.min() < 0 or values.max() > 65535):
        bad = (values < 0) | (values > 65535)
        row, column = np.unravel_index(int(bad.argmax()), bad.shape)
        raise SegablateError(
            f"value {values[row, column]} at row {row}, column {column} is no label: they lie in 0…65535",
            where=str(path),
        )
    return values.astype(np.uint16)


def _bytes(path: Path) -> bytes:
    try:
        # without waiting: a pipe has no end, and nobody may ever write into it
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SegablateError("this is no regular file, such as pictures are kept in", where=str(path))
            data = file.readall()
    except FileNotFoundError:
        raise SegablateError("there is no such file", where=str(path)) from None
    except IsADirectoryError:
        raise SegablateError("this is a folder, not a picture", where=str(path)) from None
    except OSError as error:
        raise SegablateError(f"this file cannot be read: {error.strerror}", where=str(path)) from None
    if not data:
        raise SegablateError("this file is empty", where=str(path))
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _opened(path: Path, data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        frames = getattr(image, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except UnidentifiedImageError:
        raise SegablateError("this is not a picture, or its beginning is damaged", where=str(path)) from None
    except MemoryError:
        raise
    except Exception as error:  # whatever the bytes make of Pillow
        raise _damaged(path, error) from None
    # Pillow only warns up to twice its limit, and catching warnings is not safe between threads
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise _too_large(path, image)
    if frames > 1 and image.format != "MPO":  # a phone's JPEG with a preview beside it
        raise SegablateError(f"this file holds {frames} pictures, not one", where=str(path))
    return image


def _decoded(path: Path, data: bytes) -> Image.Image:
    image = _opened(path, data)
    try:
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except MemoryError:
        raise
    except Exception as error:  # whatever the bytes make of Pillow
        raise _damaged(path, error) from None
    return image


def _too_large(path: Path, image: Image.Image | None = None) -> SegablateError:
    size = f"{image.height:,}×{image.width:,} is" if image else "this picture has"
    return SegablateError(
        f"{size} more than Pillow's limit of {Image.MAX_IMAGE_PIXELS or 0:,} pixels",
        where=str(path),
        hint="cut it into tiles: so large a picture is refused, for it may be made to exhaust the memory",
    )


def _damaged(path: Path, error: BaseException) -> SegablateError:
    reason = str(error).split("\n", 1)[0] or type(error).__name__
    return SegablateError(f"this picture is truncated or damaged: {reason}", where=str(path))


def _mapped(labels: np.ndarray, remap: np.ndarray) -> np.ndarray:
    size = int(np.iinfo(labels.dtype).max) + 1
    table = np.arange(size, dtype=np.uint16)
    table[: min(size, len(remap))] = remap[:size]
    small = table.max() < 256 and labels.dtype == np.uint8
    mapped: np.ndarray = (table.astype(np.uint8) if small else table)[labels]
    return mapped


def _in_range(labels: np.ndarray, classes: int, ignore: int | None) -> bool:
    """Whether every value is a class or `ignore`; one pass over most label maps, two over VOC's."""
    top = int(labels.max())
    if top < classes or (top == classes == ignore):
        return True
    if ignore is None:
        return False
    if ignore == np.iinfo(labels.dtype).max:
        # adding one wraps `ignore` round to 0 and keeps the others in order
        return int((labels + labels.dtype.type(1)).max()) <= classes
    return not ((labels >= classes) & (labels != ignore)).any()


def _refuse_value(
    path: Path, labels: np.ndarray, mapped: np.ndarray, classes: int, ignore: int | None, remedy: str
) -> None:
    bad = mapped >= classes
    if ignore is not None:
        bad &= mapped != ignore
    row, column = np.unravel_index(int(bad.argmax()), bad.shape)
    value, became = int(labels[row, column]), int(mapped[row, column])
    stands = f" stands for {became}," if became != value else ""
    allowed = f"but there are {classes} classes" + ("" if ignore is None else f" and `ignore` is {ignore}")
    raise SegablateError(
        f"value {value} at row {row}, column {column}{stands or ','} {allowed}",
        where=str(path),
        hint=_remedy(became, int(mapped[bad].max()) + 1, remedy),
    )


def _remedy(value: int, needed: int, remedy: str) -> str:
    if value in (255, 65535):
        return f"if {value} marks pixels that count as nothing, say `ignore: {value}`"
    return remedy.format(needed=needed)
