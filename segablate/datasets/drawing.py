"""Draws graphics primitives as a label map, or as an image of that scene with light, texture and noise."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from segablate.datasets.scene_generator import Primitive

_TILE = 512


def draw_labels(primitives: Iterable[Primitive], height: int, width: int) -> np.ndarray:
    """The label map, uint8 of shape (height, width)."""
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    for primitive in primitives:
        if primitive.label is not None:
            _draw(draw, primitive, primitive.label)
    return np.array(canvas)


def draw_image(primitives: Iterable[Primitive], random: Random, height: int, width: int) -> np.ndarray:
    """The image, uint8 of shape (height, width, 3): soft edges, one light for all, coarse and fine grain."""
    canvas = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(canvas)
    for primitive in primitives:
        if primitive.colour is not None:
            _draw(draw, primitive, primitive.colour)
    tints = (1.0, random.uniform(0.95, 1.02), random.uniform(0.9, 1.08))
    light = random.uniform(0.75, 1.1)
    lit = canvas.point([level for tint in tints for level in _ramp(light * tint)])
    picture = _softened(np.asarray(lit).astype(np.int16))
    _add_grain(picture, random)
    clipped: np.ndarray = np.clip(picture, 0, 255)
    return clipped.astype(np.uint8)


def _draw(draw: ImageDraw.ImageDraw, primitive: Primitive, fill: int | tuple[int, int, int]) -> None:
    if primitive.shape == "polygon":
        draw.polygon(primitive.points, fill=fill)
    elif primitive.shape == "ellipse":
        draw.ellipse(primitive.points, fill=fill)
    else:
        draw.line(primitive.points, fill=fill, width=primitive.width)


def _ramp(factor: float) -> list[int]:
    return [min(255, round(value * factor)) for value in range(256)]


def _softened(picture: np.ndarray) -> np.ndarray:
    """A quarter of each pixel runs into the next one down and right, so that no edge shows the label map."""
    soft = picture.copy()
    soft[1:, 1:] = (3 * picture[1:, 1:] + picture[:-1, :-1]) >> 2
    return soft


def _add_grain(picture: np.ndarray, random: Random) -> None:
    """Add blotches and noise in grey levels: windows of fixed tiles, each at a random place."""
    height, width, _ = picture.shape
    blotches, noise = _tiles(height, width)
    for tile in (blotches, noise, noise):
        y, x = random.randrange(_TILE), random.randrange(_TILE)
        picture += tile[y : y + height, x : x + width]


@lru_cache(2)
def _tiles(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two patterns that repeat after `_TILE` pixels, so large that every window lies within."""
    random = np.random.Generator(np.random.PCG64(0))
    coarse = random.integers(0, 256, (_TILE // 16, _TILE // 16)).astype(np.uint8)
    wrapped = Image.fromarray(np.pad(coarse, 4, mode="wrap"))
    smooth = np.asarray(wrapped.resize((_TILE + 128, _TILE + 128), Image.Resampling.BICUBIC))[64:-64, 64:-64]
    blotches = (smooth.astype(np.int16) - 128) // 10
    noise = random.integers(-9, 10, (_TILE, _TILE)).astype(np.int16)
    return _repeated(blotches, height, width), _repeated(noise, height, width)


def _repeated(tile: np.ndarray, height: int, width: int) -> np.ndarray:
    wide = np.pad(tile, ((0, height), (0, width)), mode="wrap")
    return np.repeat(wide[..., None], 3, axis=2)  # adding three equal channels beats broadcasting one
