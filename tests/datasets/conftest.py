"""Small made-up data sets, and a PNG writer and reader that share nothing with the ones under test."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.errors import SegablateError


class Png:
    """PNG by the book, without Pillow: W3C Portable Network Graphics Specification, sections 5 and 9."""

    @staticmethod
    def write(values: np.ndarray, *, bits: int = 8, kind: int = 3, filters: tuple[int, ...] = (0,)) -> bytes:
        """Grey (kind 0) or palette (3) values; `filters` are used in turn, row by row."""
        packed = _packed(values, bits)
        rows, before = [], np.zeros(packed.shape[1], np.uint8)
        for index, row in enumerate(packed):
            kind_of_row = filters[index % len(filters)]
            rows.append(bytes([kind_of_row]) + _filtered(row, before, kind_of_row))
            before = row
        height, width = values.shape
        parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))]
        if kind == 3:
            parts.append(_chunk(b"PLTE", bytes(range(256)) * 3))
        parts += [_chunk(b"IDAT", zlib.compress(b"".join(rows))), _chunk(b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    @staticmethod
    def read(data: bytes) -> np.ndarray:
        """The values of an 8-bit PNG of one channel, whatever its filters."""
        at, packed, width, height = 8, b"", 0, 0
        while at < len(data):
            length, name = struct.unpack(">I4s", data[at : at + 8])
            body = data[at + 8 : at + 8 + length]
            if name == b"IHDR":
                width, height, *rest = struct.unpack(">IIBBBBB", body)
                assert rest in ([8, 0, 0, 0, 0], [8, 3, 0, 0, 0])
            elif name == b"IDAT":
                packed += body
            at += 12 + length
        raw = zlib.decompress(packed)
        rows: list[list[int]] = []
        before = [0] * width
        for start in range(0, len(raw), width + 1):
            before = _unfiltered(raw[start], list(raw[start + 1 : start + 1 + width]), before)
            rows.append(before)
        assert len(rows) == height
        return np.array(rows, np.uint8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _packed(values: np.ndarray, bits: int) -> np.ndarray:
    if bits == 16:
        return values.astype(">u2").view(np.uint8).reshape(len(values), -1)
    planes = [(values >> bit) & 1 for bit in reversed(range(bits))]
    return np.packbits(np.stack(planes, axis=2).reshape(len(values), -1).astype(np.uint8), axis=1)


def _filtered(row: np.ndarray, before: np.ndarray, kind: int) -> bytes:
    left = np.concatenate([[0], row[:-1]]).astype(int)
    corner = np.concatenate([[0], before[:-1]]).astype(int)
    above = before.astype(int)
    nearest = [_paeth(a, b, c) for a, b, c in zip(left, above, corner, strict=True)]
    guess = [np.zeros_like(left), left, above, (left + above) // 2, np.array(nearest)][kind]
    return ((row.astype(int) - guess) % 256).astype(np.uint8).tobytes()


def _unfiltered(kind: int, row: list[int], before: list[int]) -> list[int]:
    out: list[int] = []
    for column, value in enumerate(row):
        a = out[column - 1] if column else 0
        b, c = before[column], before[column - 1] if column else 0
        out.append((value + [0, a, b, (a + b) // 2, _paeth(a, b, c)][kind]) % 256)
    return out


def _paeth(a: int, b: int, c: int) -> int:
    guess = a + b - c
    return int(min((abs(guess - a), 0, a), (abs(guess - b), 1, b), (abs(guess - c), 2, c))[2])


@pytest.fixture
def png() -> type[Png]:
    """A second opinion about PNG."""
    return Png


Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write values as a picture in a mode, palette unless said otherwise, and give its path."""

    def write(name: str, values: object, mode: str = "P", **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.asarray(values)
        if mode == "I;16":
            image = Image.fromarray(array.astype(np.uint16))
        elif mode == "1":
            image = Image.fromarray(array.astype(bool))
        elif mode == "F":
            image = Image.fromarray(array.astype(np.float32))
        else:
            image = Image.fromarray(array.astype(np.uint8))
        if mode == "P":
            image.putpalette([channel for index in range(256) for channel in (index, 255 - index, 7)])
        image.save(path, **options)
        return path

    return write


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], SegablateError]:
    """The error that a call ends in."""

    def catch(call: Callable[[], object]) -> SegablateError:
        with pytest.raises(SegablateError) as caught:
            call()
        return caught.value

    return catch
