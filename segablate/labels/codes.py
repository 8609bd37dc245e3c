"""Codes of limited length: a cell is stored as a few whole numbers, and restored from these alone.

    patches ──encode──► whole numbers, each below its `levels` ──decode──► label map

What such a code may hold is found on a sample of the patches of label maps to fit on. Most patches hold one
class and stand in it once a class, with the number of times that they occur as their weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels, Patches, cut, layout, pad
from segablate.labels.work import each

Numbers: TypeAlias = NDArray[np.unsignedinteger[Any]]
Weights: TypeAlias = NDArray[np.float32]


class Code(Protocol):
    """A code of limited length; several threads may use it at once."""

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each number of a cell may have."""

    def encode(self, patches: Patches) -> Numbers:
        """What is stored of a label map, shape (rows, columns, numbers)."""

    def decode(self, numbers: Numbers) -> Labels:
        """The label map of the padded size."""


@dataclass(frozen=True)
class Sample:
    """Different patches of some label maps.

    Attributes:
        stride: side of a patch.
        classes: number of classes C; larger values are not scored.
        rows: patches, shape (n, stride²), pixels in kept order.
        weights: how often each stands for one, shape (n,).
    """

    stride: int
    classes: int
    rows: Labels
    weights: Weights


def bits(levels: Sequence[int]) -> int:
    """Bits of a cell where each number has as many as its largest value needs."""
    return sum(math.ceil(math.log2(most)) for most in levels)


def entropy(counts: Sequence[NDArray[np.int64]]) -> float:
    """Bits of a cell, on average, where each number is stored by how often its values occur.

    Args:
        counts: of each number of a cell, how often each value was stored.
    """
    return sum(_entropy(count) for count in counts)


def sample(
    maps: Sequence[Callable[[], Labels]],
    *,
    stride: int,
    classes: int,
    ignore: int,
    most: int,
    seed: int,
    pool: Executor,
    tick: Callable[[int], None] = lambda _: None,
) -> Sample:
    """Patches of every label map, as many of each; those of one class are all counted.

    Args:
        maps: each call reads one label map.
        stride: side of a patch.
        classes: number of classes C.
        ignore: the value that is not scored.
        most: patches of more than one value, of all label maps together.
        seed: of the choice among the patches of a label map.
        pool: threads to read with.
        tick: told that a label map is done.
    """
    share = max(1, most // max(1, len(maps)))

    def sampled(numbered: tuple[int, Callable[[], Labels]]) -> tuple[Labels, Weights, NDArray[np.int64]]:
        number, read = numbered
        patches = cut(pad(read(), stride, ignore), stride)
        rows, there = patches.flat, len(patches.flat)
        if there > share:
            rows = rows[np.sort(np.random.default_rng([seed, number]).permutation(there)[:share])]
        pure = np.bincount(patches.first[~patches.mixed], minlength=classes)[:classes]
        return rows, np.full(len(rows), there / max(1, len(rows)), np.float32), pure

    chosen: list[Labels] = []
    weights: list[Weights] = []
    pure = np.zeros(classes, np.int64)
    for rows, weight, counted in each(pool, sampled, enumerate(maps)):
        chosen.append(rows)
        weights.append(weight)
        pure += counted
        tick(1)
    occur = np.flatnonzero(pure)
    alike = np.repeat(occur[:, None], layout(stride).pixels, axis=1).astype(chosen[0].dtype)
    rows, place = np.unique(np.concatenate([alike, *chosen]), axis=0, return_inverse=True)
    every = np.concatenate([pure[occur].astype(np.float32), *weights])
    summed = np.bincount(place.reshape(-1), every, len(rows)).astype(np.float32)
    return Sample(stride, classes, rows, summed)


def _entropy(counts: NDArray[np.int64]) -> float:
    share = counts[counts > 0] / max(1, counts.sum())
    return float(-(share * np.log2(share)).sum())
