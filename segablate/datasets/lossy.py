"""Which pictures do not give back the values that were saved, so that they cannot hold labels."""

from __future__ import annotations

from PIL import Image

HINT = "save label maps in a lossless format such as PNG, from what they were before they were compressed"
_RIFF_HEADER, _CHUNK_HEADER = 12, 8


def lossy(image: Image.Image, data: bytes) -> str | None:
    """The name of a lossy format; None where every value comes back.

    Args:
        image: the picture, opened.
        data: the file it was opened from.
    """
    if image.format in ("JPEG", "MPO"):
        return str(image.format)
    if image.format == "TIFF" and image.info.get("compression") in ("jpeg", "tiff_jpeg"):
        return "TIFF with JPEG inside"
    if image.format == "WEBP" and _has_chunk(data, b"VP8 "):
        return "lossy WebP"
    return None


def _has_chunk(data: bytes, name: bytes) -> bool:
    """Whether a RIFF file has such a chunk: WebP's is `VP8 ` where it is lossy and `VP8L` where it is not."""
    at = _RIFF_HEADER
    while at + _CHUNK_HEADER <= len(data):
        if data[at : at + 4] == name:
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += _CHUNK_HEADER + size + size % 2  # chunks begin at even bytes
    return False
