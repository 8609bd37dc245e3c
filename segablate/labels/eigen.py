"""The leading eigenvectors of a large symmetric matrix that is known only by its products.

Block Krylov subspace with Rayleigh–Ritz (Musco and Musco, 2015, arXiv:1504.05477; Saad, Numerical
Methods for Large Eigenvalue Problems, ch. 6): the basis grows by what the matrix makes of the
present residuals, until every wanted pair has a residual that is small *beside its own eigenvalue*.
All in float64: eigenvalues of label patches fall by five orders of magnitude within a few hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segablate.labels.blocked_gemm import BlockedGEMM

Matrix = NDArray[np.float64]

# an eigenvalue that stands apart is then right to the square of it; with less, trained networks differ
TOLERANCE = 1e-4
# label maps need 5 or 6 products, or 2 where there are hardly any kinds of patches
NOT_YET = (1, 3, 4)
BLOCKS_BEFORE_RESTART = 8
MOST_PRODUCTS = 200
# beyond it the Gram matrix has lost the shortest directions
WORST_PIVOT = 1e-5
# of unit columns; rounding is then as far below one as it is beside this
NEARLY_ALL = 1e-3
MOST_PASSES = 5


@dataclass(frozen=True)
class Pairs:
    """Leading eigenpairs.

    Attributes:
        values: eigenvalues, largest first, shape (k,).
        vectors: orthonormal eigenvectors, shape (n, k).
        residual: largest ‖A v − λ v‖ / λ over the pairs.
        products: blocks of vectors that were multiplied by the matrix.
    """

    values: Matrix
    vectors: Matrix
    residual: float
    products: int


def leading(
    apply: Callable[[Matrix], Matrix],
    start: Matrix,
    k: int,
    *,
    pool: Executor,
    tolerance: float = TOLERANCE,
    scale: float = 0.0,
) -> Pairs:
    """The k leading eigenpairs of a positive semi-definite matrix.

    Args:
        apply: the matrix times a block of vectors, (n, b) → (n, b).
        start: a first guess, (n, b) with b ≥ k; a few vectors more than k make it quicker.
        k: pairs wanted.
        pool: threads, each with one BLAS thread.
        tolerance: stop when ‖A v − λ v‖ ≤ tolerance · λ for each of them, or when they are exact
            to rounding beside the largest.
        scale: size of the numbers `apply` adds up, where they may cancel: what is rounding beside it is zero.

    Raises:
        ArithmeticError: the tolerance was not reached, or no direction was left; never seen on label maps.
    """
    width = start.shape[1]
    space = _Space(apply, start, min(BLOCKS_BEFORE_RESTART * width, start.shape[0]), BlockedGEMM(pool))
    for products in range(1, MOST_PRODUCTS + 1):
        if products in NOT_YET and not space.full:
            space.grow(space.latest)
            continue
        values, ritz, ritz_image = space.ritz(width)
        residuals = ritz_image - ritz * values
        norms = np.linalg.norm(residuals[:, :k], axis=0)
        floor = 1e-12 * max(values[0], scale, np.finfo(float).tiny)
        good = norms <= np.maximum(tolerance * values[:k], floor)
        if good.all():
            worst = float((norms / np.maximum(values[:k], floor)).max())
            return Pairs(values[:k], ritz[:, :k], worst, products)
        if space.full:
            space.restart(ritz, ritz_image)
        # those that are good need no more directions
        space.grow(residuals[:, np.append(~good, np.ones(width - k, bool))])
    raise ArithmeticError(f"{k} eigenvectors are not good to {tolerance} after {MOST_PRODUCTS} products")


class _Space:
    """An orthonormal basis that grows, what the matrix makes of it, and the matrix seen from inside it."""

    def __init__(
        self, apply: Callable[[Matrix], Matrix], start: Matrix, most: int, gemm: BlockedGEMM
    ) -> None:
        self.apply = apply
        self.gemm = gemm
        self._basis = np.empty((start.shape[0], most))
        self._image = np.empty_like(self._basis)
        self._inside = np.empty((most, most))
        self._size = 0
        self.latest = start
        self.grow(start)

    @property
    def full(self) -> bool:
        return self._size >= min(self._basis.shape[1], self._basis.shape[0] - 1)

    def grow(self, block: Matrix) -> None:
        """Add the span of a block, as many columns as there is room for."""
        old = self._basis[:, : self._size]
        fresh = orthonormal(block[:, : max(1, self._basis.shape[1] - self._size)], old, self.gemm)
        at = slice(self._size, self._size + fresh.shape[1])
        self.latest = self.apply(fresh)
        self._basis[:, at], self._image[:, at] = fresh, self.latest
        self._size = at.stop
        self._inside[: self._size, at] = self.gemm.inner(self._basis[:, : self._size], self.latest)
        self._inside[at, : self._size] = self._inside[: self._size, at].T

    def restart(self, basis: Matrix, image: Matrix) -> None:
        """Go on from a smaller basis whose image is known."""
        self._size = basis.shape[1]
        self._basis[:, : self._size] = basis
        self._image[:, : self._size] = image
        self._inside[: self._size, : self._size] = self.gemm.inner(basis, image)

    def ritz(self, width: int) -> tuple[Matrix, Matrix, Matrix]:
        """The best eigenvalues and vectors that the space has, largest first, and the vectors' image."""
        from scipy import linalg  # who only counts or lists never needs it, and it takes its time

        inside = slice(0, self._size)
        small = self._inside[inside, inside]
        most = [max(0, self._size - width), self._size - 1]
        values, mix = linalg.eigh((small + small.T) / 2, subset_by_index=most, check_finite=False)
        mix = np.ascontiguousarray(mix[:, ::-1])
        basis, image = (self.gemm.mixed(whole[:, inside], mix) for whole in (self._basis, self._image))
        return values[::-1], basis, image


def orthonormal(block: Matrix, against: Matrix, gemm: BlockedGEMM) -> Matrix:
    """An orthonormal basis of the block's span, orthogonal to the columns of `against`.

    What is in their span is taken off until hardly anything was: of a block that lay in it nothing
    but rounding is left, which has to be made orthogonal anew (Giraud et al., 2005).

    Raises:
        ArithmeticError: there is no room left for the block.
    """
    lengths = np.linalg.norm(block, axis=0)
    # scaled first, or the shortest residuals would drown in the rounding of the longest
    block = block / np.where(lengths > 0, lengths, 1)
    for _ in range(MOST_PASSES):
        block, shortest = _qr(gemm.without(block, against), gemm)
        if shortest > NEARLY_ALL:
            return block
    raise ArithmeticError("no directions are left that are orthogonal to those known")


def _qr(block: Matrix, gemm: BlockedGEMM) -> tuple[Matrix, float]:
    """An orthonormal basis of the block's span, and the least that a column adds to those before it.

    By the Cholesky factor of the Gram matrix (Yamamoto et al., 2015: twice is as good as Householder's
    reflections while the condition number is below 1e8), and by reflections beyond that.
    """
    from scipy import linalg

    try:
        factor = linalg.cholesky(gemm.inner(block, block), check_finite=False)
        if factor.diagonal().min() > WORST_PIVOT * factor.diagonal().max():
            inverse = linalg.solve_triangular(factor, np.eye(len(factor)), check_finite=False)
            return gemm.mixed(block, np.asarray(inverse)), float(factor.diagonal().min())
    except linalg.LinAlgError:
        pass
    basis, factor = linalg.qr(block, mode="economic", check_finite=False)
    return np.asarray(basis), float(np.abs(factor.diagonal()).min())
