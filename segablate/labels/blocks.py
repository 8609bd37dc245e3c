"""The second moment as an operator: blocks of counts by pairs of classes, patches where two hardly meet."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels
from segablate.labels.work import each

Matrix = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Blocks:
    """Σ v vᵀ over one-hot patches v.

    Attributes:
        counts: (c, d) with c ≤ d → patches with class c at one pixel and d at another,
            shape (pixels, pixels), pixels in kept order.
        few: (c, d) with c < d and no block of counts → the patches that hold both, shape (n, pixels).
        classes: number of classes C.
        pixels: pixels of a patch.
    """

    counts: Mapping[Pair, NDArray[Any]]
    few: Mapping[Pair, Labels]
    classes: int
    pixels: int

    def count(self) -> Matrix:
        """Σ v, shape (C · pixels,)."""
        count = np.zeros((self.classes, self.pixels))
        for (c, d), block in self.counts.items():
            if c == d:
                count[c] = block.diagonal()
        return count.reshape(-1)

    def times(self, block: Matrix, pool: Executor) -> Matrix:
        """The moment times a block of vectors, (C · pixels, b) → the same shape."""
        vectors = block.reshape(self.classes, self.pixels, -1)
        product = np.zeros_like(vectors)

        def multiply(pair: Pair) -> list[tuple[int, Matrix]]:
            c, d = pair
            if pair in self.few:
                here, there = ((self.few[pair] == which).astype(np.float64) for which in pair)
                return [(c, here.T @ (there @ vectors[d])), (d, there.T @ (here @ vectors[c]))]
            counts = self.counts[pair].astype(np.float64)
            return [(c, counts @ vectors[d])] + ([(d, counts.T @ vectors[c])] if c != d else [])

        for parts in each(pool, multiply, [*self.counts, *self.few]):
            for c, part in parts:
                product[c] += part
        return product.reshape(len(block), -1)
