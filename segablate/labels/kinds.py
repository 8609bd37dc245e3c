"""Sort mixed patches by kind: which of their cells are mixed, and which classes they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels, Patches, occurring
from segablate.labels.work import Locked

Codes = NDArray[np.int64]

# a machine word has a bit for so many classes of one label map; with more, Python's integers serve
BITS = 62

# (cells that are mixed, one bit each; classes; whether only the product between the two is wanted)
Kind = tuple[int, tuple[int, ...], bool]


class Kinds(Locked):
    """Numbers for kinds of patches, the same whichever thread asks.

    Args:
        classes: number of classes C; a value ≥ C is no class.
        cells: cells of a patch.
    """

    def __init__(self, classes: int, cells: int) -> None:
        super().__init__()
        self.classes = classes
        self.cells = cells
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        self._sets: list[tuple[int, ...]] = [()]

    def codes(self, patches: Patches) -> Codes:
        """The kind of each mixed patch: the number of its set of classes, then a bit for each mixed cell."""
        pixels = patches.mixed_pixels
        if not len(pixels):
            return np.zeros(0, np.int64)
        mixed = (pixels != pixels[:, :, :1]).any(axis=2)
        held = occurring(pixels, self.classes)
        bits = np.zeros(len(pixels), object if len(held) > BITS else np.int64)
        for bit, c in enumerate(held):
            bits += (patches.flat == c).any(axis=1).astype(bits.dtype) << bit
        # a map has few kinds, and Python's own dictionary sorts a hundred patches sooner than numpy does
        each = bits.tolist()
        numbers = {
            code: self._number(tuple(c for bit, c in enumerate(held) if code >> bit & 1))
            for code in set(each)
        }
        codes: Codes = np.array([numbers[code] for code in each], np.int64) << self.cells
        codes |= mixed @ (1 << np.arange(self.cells))
        return codes

    def kind(self, code: int) -> tuple[int, tuple[int, ...]]:
        """Mixed cells, one bit each, and classes of a code."""
        return code & ((1 << self.cells) - 1), self._sets[code >> self.cells]

    def renumbered(self, other: Kinds) -> Callable[[Codes], Codes]:
        """Turns the codes that `other` gave into those given here."""
        here = np.array([self._number(held) for held in other._sets], np.int64)
        low = (1 << self.cells) - 1
        return lambda codes: here[codes >> self.cells] << self.cells | codes & low

    def _number(self, held: tuple[int, ...]) -> int:
        with self._lock:
            if held not in self._numbers:
                self._numbers[held] = len(self._sets)
                self._sets.append(held)
            return self._numbers[held]


def groups(patches: Labels, codes: Codes) -> Iterator[tuple[int, Labels]]:
    """Patches of equal codes, together."""
    if not len(codes):
        return
    order = np.argsort(codes, kind="stable")
    distinct, starts = np.unique(codes[order], return_index=True)
    for code, rows in zip(distinct.tolist(), np.split(order, starts[1:]), strict=True):
        yield code, patches[rows]


def products(held: tuple[int, ...]) -> list[tuple[tuple[int, ...], bool]]:
    """The products that patches with these classes need.

    Three or more classes are rare and come in many combinations, so they are taken apart: each class
    by itself, and between each two.
    """
    if len(held) <= 2:
        return [(held, False)] if held else []
    return apart(held)


def apart(held: tuple[int, ...]) -> list[tuple[tuple[int, ...], bool]]:
    """Each class by itself, and between each two."""
    return [((c,), False) for c in held] + [(pair, True) for pair in combinations(held, 2)]
