"""The run-length operator equals the dense matrix of one-hot patches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from dense_labels import Case, cases, one_hot_patches
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segablate.labels.patches import cut, pad, raster
from segablate.labels.runs import RunLengths, runs

quick = settings(max_examples=50, deadline=None)


def operator(case: Case, batch: int = 100) -> RunLengths:
    made = RunLengths(case.classes, case.stride)
    patches = [cut(pad(label, case.stride, case.ignore), case.stride) for label in case.maps]
    for start in range(0, len(patches), batch):
        made.add(patches[start : start + batch])
    made.finish()
    return made


def dense(case: Case) -> NDArray[np.float64]:
    """X with its pixels in kept order."""
    X = one_hot_patches(case.maps, case.classes, case.stride, case.ignore)
    return X.reshape(len(X), case.classes, -1)[:, :, raster(case.stride)].reshape(len(X), -1)


def mixed_only(case: Case) -> NDArray[np.float64]:
    grids = [cut(pad(label, case.stride, case.ignore), case.stride).mixed for label in case.maps]
    return dense(case)[np.concatenate([grid.reshape(-1) for grid in grids])]


def block(rows: int, width: int) -> NDArray[np.float64]:
    return np.random.default_rng(rows).normal(size=(rows, width))


@quick
@given(cases(longest=20_000), st.integers(1, 5))
def test_times_equals_the_dense_product(case: Case, width: int) -> None:
    made, X = operator(case), mixed_only(case)
    q = block(X.shape[1], width)
    np.testing.assert_allclose(made.times(q), X @ q, atol=1e-9)


@quick
@given(cases(longest=20_000), st.integers(1, 5))
def test_transposed_times_equals_the_dense_product(case: Case, width: int) -> None:
    made, X = operator(case), mixed_only(case)
    y = block(len(X), width)
    np.testing.assert_allclose(made.transposed_times(y), X.T @ y, atol=1e-9)


@quick
@given(cases(longest=20_000), st.integers(1, 5))
def test_moment_times_equals_the_dense_product_with_pure_patches_too(case: Case, width: int) -> None:
    made, X = operator(case), dense(case)
    q = block(X.shape[1], width)
    np.testing.assert_allclose(made.moment_times(q), X.T @ (X @ q), atol=1e-8)


@quick
@given(cases(longest=20_000))
def test_count_is_the_sum_of_all_patches(case: Case) -> None:
    made, X = operator(case), dense(case)
    assert (made.count() == X.sum(axis=0)).all()
    assert made.patches == len(X)


def test_a_patch_of_a_few_runs_is_a_few_entries() -> None:
    rows = np.array([[3, 3, 3, 7, 7, 7, 7, 3]], np.uint8)
    entries = runs(rows, 8).toarray().reshape(8, 8)
    assert entries[3].tolist() == [1, 0, 0, -1, 0, 0, 0, 1]
    assert entries[7].tolist() == [0, 0, 0, 1, 0, 0, 0, -1]
    assert np.count_nonzero(entries) == 5


def test_ignored_pixels_begin_and_end_nothing() -> None:
    entries = runs(np.array([[255, 0, 255, 255]], np.uint8), 2).toarray().reshape(2, 4)
    assert entries.tolist() == [[0, 1, -1, 0], [0, 0, 0, 0]]


def test_maps_may_be_added_from_several_threads() -> None:
    rng = np.random.default_rng(3)
    case = Case([rng.integers(0, 4, (20, 20)).astype(np.uint8) for _ in range(30)], 4, 4, 255)
    made = RunLengths(4, 4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda label: made.add([cut(label, 4)]), case.maps))
    made.finish()
    q = block(64, 3)
    X = dense(case)
    np.testing.assert_allclose(made.moment_times(q), X.T @ (X @ q), atol=1e-8)


def test_the_order_in_which_threads_add_changes_no_bit() -> None:
    rng = np.random.default_rng(4)
    case = Case([rng.integers(0, 4, (20, 20)).astype(np.uint8) for _ in range(30)], 4, 4, 255)
    turned = Case(case.maps[::-1], 4, 4, 255)
    q = block(64, 3)
    found = [operator(each, batch=1).moment_times(q).tobytes() for each in (case, turned)]
    assert found[0] == found[1]
