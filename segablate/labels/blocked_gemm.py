"""Products of gemm, narrow matrices: panel by panel of rows, in several threads.

The panels are the same on every machine and their sums are taken in order, so that a result does
not depend on the number of cores. BLAS' own threads would do neither, and those of numpy and of
scipy wait for work in a loop, each taking the cores from the other.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from segablate.labels.work import each

Matrix = NDArray[np.float64]

ROWS_A_PANEL = 1024


class BlockedGEMM:
    """Products of matrices with many rows.

    Args:
        pool: threads, each with one BLAS thread.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def inner(self, a: Matrix, b: Matrix) -> Matrix:
        """AᵀB of A (n, s) and B (n, t), shape (s, t)."""
        total = np.zeros((a.shape[1], b.shape[1]))
        for part in each(self._pool, lambda rows: a[rows].T @ b[rows], _panels(len(a))):
            total += part
        return total

    def mixed(self, a: Matrix, mix: Matrix) -> Matrix:
        """The columns of A (n, s) mixed as (s, t) says, shape (n, t)."""
        made = np.empty((len(a), mix.shape[1]))
        for _ in each(self._pool, lambda rows: np.matmul(a[rows], mix, out=made[rows]), _panels(len(a))):
            pass
        return made

    def without(self, block: Matrix, basis: Matrix) -> Matrix:
        """The block (n, t) less its part in the span of an orthonormal basis (n, s)."""
        inside = self.inner(basis, block)
        made = np.empty_like(block)

        def subtract(rows: slice) -> None:
            np.subtract(block[rows], basis[rows] @ inside, out=made[rows])

        for _ in each(self._pool, subtract, _panels(len(block))):
            pass
        return made


def _panels(rows: int) -> list[slice]:
    return [slice(start, start + ROWS_A_PANEL) for start in range(0, rows, ROWS_A_PANEL)]
