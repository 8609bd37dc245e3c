"""The second moment as blocks over pairs of classes, as an operator, and the same seen more coarsely."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Layout
from segablate.labels.work import blas_threads, each

Matrix = NDArray[np.float64]
Pair = tuple[int, int]

# cells of so few pixels a side are not looked at more coarsely
SMALLEST_SIDE = 8


@dataclass(frozen=True)
class Blocks:
    """Σ v vᵀ over one-hot patches v.

    Attributes:
        counts: (c, d) with c ≤ d → patches with class c at one pixel and d at another,
            shape (pixels, pixels), pixels in kept order.
        classes: number of classes C.
        cells: cells of a patch.
        side: side of a cell in pixels.
    """

    counts: Mapping[Pair, NDArray[Any]]
    classes: int
    cells: int
    side: int

    @classmethod
    def of(cls, counts: Mapping[Pair, NDArray[Any]], classes: int, lay: Layout) -> Blocks:
        """As the moment gives them."""
        return cls(counts, classes, lay.cells, lay.side)

    @property
    def pixels(self) -> int:
        """Pixels of a patch."""
        return self.cells * self.side * self.side

    def count(self) -> Matrix:
        """Σ v, shape (C · pixels,)."""
        count = np.zeros((self.classes, self.pixels))
        for (c, d), block in self.counts.items():
            if c == d:
                count[c] = block.diagonal()
        return count.reshape(-1)

    def times(self, block: Matrix, pool: Executor) -> Matrix:
        """The moment times a block of vectors, (C · pixels, b) → the same shape."""
        given = block.reshape(self.classes, self.pixels, -1)
        product = np.zeros_like(given)

        def one(pair: Pair) -> list[tuple[int, Matrix]]:
            c, d = pair
            counts = self.counts[pair].astype(np.float64)
            return [(c, counts @ given[d])] + ([(d, counts.T @ given[c])] if c != d else [])

        with blas_threads(1):
            for parts in each(pool, one, list(self.counts)):
                for c, part in parts:
                    product[c] += part
        return product.reshape(len(block), -1)

    def coarser(self, pool: Executor) -> Blocks | None:
        """The same on squares of 2 × 2 pixels, (Pᵀ A P) with P's columns of length 1; None if too small."""
        if self.side % 2 or self.side < SMALLEST_SIDE:
            return None

        def one(pair: Pair) -> tuple[Pair, Matrix]:
            rows = self.counts[pair].reshape(-1, self.side // 2, 2, self.side // 2, 2, self.pixels)
            half = rows.sum(axis=(2, 4), dtype=np.float64).reshape(self.pixels // 4, -1)
            whole = half.reshape(len(half), -1, self.side // 2, 2, self.side // 2, 2).sum(axis=(3, 5))
            return pair, whole.reshape(len(half), -1) / 4

        return Blocks(dict(each(pool, one, list(self.counts))), self.classes, self.cells, self.side // 2)

    def coarsened(self, block: Matrix) -> Matrix:
        """Pᵀ times a block of vectors, (C · pixels, b) → (C · pixels / 4, b)."""
        fine = block.reshape(-1, self.side // 2, 2, self.side // 2, 2, block.shape[1])
        return np.asarray(fine.sum(axis=(2, 4))).reshape(len(block) // 4, -1) / 2

    def refined(self, block: Matrix) -> Matrix:
        """P times a block of vectors of `coarser`, (C · pixels / 4, b) → (C · pixels, b)."""
        coarse = block.reshape(-1, self.side // 2, 1, self.side // 2, 1, block.shape[1])
        fine = np.broadcast_to(coarse, (len(coarse), self.side // 2, 2, self.side // 2, 2, block.shape[1]))
        return fine.reshape(len(block) * 4, -1) / 2
