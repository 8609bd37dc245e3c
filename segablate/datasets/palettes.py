"""Colours to show classes in."""

from __future__ import annotations

import numpy as np


def voc_palette(classes: int) -> np.ndarray:
    """The colours of PASCAL VOC's palette, for any number of classes, uint8 of shape (classes, 3).

    The bits of a class, three at a time, become the highest bits of red, green and blue, then the next.
    VOC development kit, `VOClabelcolormap.m`.
    """
    index = np.arange(classes, dtype=np.int64)
    colours = np.zeros((classes, 3), np.int64)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
    return colours.astype(np.uint8)


def as_palette(colours: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """Written colours as uint8 of shape (classes, 3)."""
    return np.array(colours, np.uint8)


def from_hex(colours: str) -> np.ndarray:
    """Colours written as `rrggbb`, with blanks between, as uint8 of shape (classes, 3)."""
    return np.frombuffer(bytes.fromhex(colours), np.uint8).reshape(-1, 3).copy()
