"""The leading eigenvectors of a large symmetric matrix that is known only by its products.

Block Krylov subspace with Rayleigh–Ritz (Musco and Musco, 2015, arXiv:1504.05477; Saad, Numerical
Methods for Large Eigenvalue Problems, ch. 6): the basis grows by what the matrix makes of the
present residuals, until every wanted pair has a residual that is small *beside its own eigenvalue*.
All in float64: eigenvalues of label patches fall by five orders of magnitude within a few hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Matrix = NDArray[np.float64]

TOLERANCE = 1e-4
BLOCKS_BEFORE_RESTART = 8
MOST_PRODUCTS = 200


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
    tolerance: float = TOLERANCE,
    scale: float = 0.0,
) -> Pairs:
    """The k leading eigenpairs of a positive semi-definite matrix.

    Args:
        apply: the matrix times a block of vectors, (n, b) → (n, b).
        start: a first guess, (n, b) with b ≥ k; a few vectors more than k make it quicker.
        k: pairs wanted.
        tolerance: stop when ‖A v − λ v‖ ≤ tolerance · λ for each of them, or when they are exact
            to rounding beside the largest.
        scale: size of the numbers `apply` adds up, where they may cancel: what is rounding beside it is zero.

    Raises:
        ArithmeticError: the tolerance was not reached; never seen on label maps.
    """
    width = start.shape[1]
    basis = _orthonormal(start)
    image = apply(basis)
    for products in range(1, MOST_PRODUCTS + 1):
        values, ritz, ritz_image = _rayleigh_ritz(basis, image, width)
        residuals = ritz_image - ritz * values
        norms = np.linalg.norm(residuals[:, :k], axis=0)
        floor = 1e-12 * max(values[0], scale, np.finfo(float).tiny)
        if np.all(norms <= np.maximum(tolerance * values[:k], floor)):
            worst = float((norms / np.maximum(values[:k], floor)).max())
            return Pairs(values[:k], ritz[:, :k], worst, products)
        if basis.shape[1] >= min(BLOCKS_BEFORE_RESTART * width, basis.shape[0] - 1):
            basis, image = ritz, ritz_image
        fresh = _orthonormal(residuals, against=basis)
        basis, image = np.hstack([basis, fresh]), np.hstack([image, apply(fresh)])
    raise ArithmeticError(f"{k} eigenvectors are not good to {tolerance} after {MOST_PRODUCTS} products")


def _rayleigh_ritz(basis: Matrix, image: Matrix, width: int) -> tuple[Matrix, Matrix, Matrix]:
    small = basis.T @ image
    values, mix = linalg.eigh((small + small.T) / 2, check_finite=False)
    mix = mix[:, ::-1][:, :width]
    return values[::-1][:width], basis @ mix, image @ mix


def _orthonormal(block: Matrix, against: Matrix | None = None) -> Matrix:
    """An orthonormal basis of the block's span, orthogonal to `against`; as many columns as fit."""
    if against is not None:
        block = block[:, : max(1, against.shape[0] - against.shape[1])]
        lengths = np.linalg.norm(block, axis=0)
        # scaled first, or the shortest residuals would drown in the rounding of the longest
        block = block / np.where(lengths > 0, lengths, 1)
        for _ in range(2):
            block = block - against @ (against.T @ block)
    span: Matrix = linalg.qr(block, mode="economic", check_finite=False)[0]
    if against is not None:
        span = span - against @ (against.T @ span)
        span = linalg.qr(span, mode="economic", check_finite=False)[0]
    return span
