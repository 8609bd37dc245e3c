"""Eigenvectors by products, and the tall products they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from dense_labels import draw_map
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segablate.labels import eigen, fit
from segablate.labels.blocked_gemm import BlockedGEMM
from segablate.labels.work import threads

Matrix = NDArray[np.float64]


def falling(n: int, orders: float) -> tuple[Matrix, Matrix]:
    """A symmetric matrix, and its eigenvalues, which fall by so many orders of magnitude."""
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
    values = 10.0 ** -np.linspace(0, orders, n)
    return (Q * values) @ Q.T, values


def test_eigenvectors_that_cannot_be_found_are_not_made_up() -> None:
    rng = np.random.default_rng(0)

    def noise(block: Matrix) -> Matrix:
        return rng.normal(size=block.shape)

    with threads() as pool, pytest.raises(ArithmeticError, match="not good"):
        eigen.leading(noise, rng.normal(size=(30, 5)), 3, pool=pool)


@pytest.mark.parametrize("orders", [1, 8, 14])
def test_eigenpairs_of_a_spectrum_that_falls_by_orders_of_magnitude(orders: int) -> None:
    A, values = falling(300, orders)
    with threads() as pool:
        pairs = eigen.leading(lambda block: A @ block, np.eye(300, 40), 30, pool=pool)
    np.testing.assert_allclose(pairs.values, values[:30], rtol=1e-6)
    np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(30), atol=1e-10)
    assert pairs.residual <= eigen.TOLERANCE
    assert pairs.products > 1


@pytest.mark.parametrize("rank", [0, 1, 3, 20, 39, 60])
def test_a_matrix_of_low_rank_has_zeros_after_its_rank_and_vectors_that_stay_orthonormal(rank: int) -> None:
    B = np.random.default_rng(1).normal(size=(500, rank))
    with threads() as pool:
        start = np.random.default_rng(0).normal(size=(500, 40))
        pairs = eigen.leading(lambda block: B @ (B.T @ block), start, 30, pool=pool)
    wanted = np.linalg.eigvalsh(B @ B.T)[::-1][:30]
    np.testing.assert_allclose(pairs.values, wanted, atol=1e-9 * max(wanted[0], 1))
    np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(30), atol=1e-10)


def test_components_are_the_same_to_the_last_bit_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    maps = [draw_map(rng, (96, 128), "blocks", 6, 255, np.uint8) for _ in range(70)]

    def found(count: int) -> Matrix:
        with threads(count) as pool:
            reads = [lambda label=label: label for label in maps]
            one = fit.fit(
                reads, classes=6, ignore=255, wanted={16: 12}, centred=False, solver="moment", pool=pool
            )
        return one[16].components.astype(np.float64)

    alone = found(1)
    for count in (2, 5):
        np.testing.assert_array_equal(found(count), alone)


@given(st.integers(1, 2500), st.integers(1, 7), st.integers(1, 5), st.booleans())
def test_tall_products_are_those_of_numpy(n: int, s: int, t: int, narrower: bool) -> None:
    rng = np.random.default_rng(n)
    whole = rng.normal(size=(n, s + 3))
    # columns of a wider matrix, as the growing basis hands them over
    a = whole[:, :s] if narrower else np.ascontiguousarray(whole[:, :s])
    b, mix = rng.normal(size=(n, t)), rng.normal(size=(s, t))
    with threads(2) as pool:
        gemm = BlockedGEMM(pool)
        np.testing.assert_allclose(gemm.inner(a, b), a.T @ b, atol=1e-9)
        np.testing.assert_allclose(gemm.mixed(a, mix), a @ mix, atol=1e-9)
        np.testing.assert_allclose(gemm.without(b, a), b - a @ (a.T @ b), atol=1e-8)
