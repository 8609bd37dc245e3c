"""The leading components equal those of a dense eigendecomposition and of scikit-learn's PCA."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dense_labels import Case, cases, draw_map, fitted, one_hot_patches
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segablate.errors import SegablateError
from segablate.labels import eigen, fit
from segablate.labels.subspace import Subspace, check_channels, largest

SOLVERS = ("moment", "runs")


def streets(classes: int, stride: int, count: int = 6) -> Case:
    """Label maps with a spectrum that falls, as real ones have."""
    rng = np.random.default_rng(classes * 100 + stride)
    maps = [draw_map(rng, (36, 44), style, classes, 255, np.uint8) for style in ("blocks",) * count]
    return Case(maps, classes, stride, 255)


def spectrum(case: Case, centred: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Second moment and its eigenvalues, largest first."""
    X = one_hot_patches(case.maps, case.classes, case.stride, case.ignore)
    X = X - X.mean(axis=0) * centred
    moment = X.T @ X
    return moment, np.linalg.eigvalsh(moment)[::-1]


def found(case: Case, k: int, **how: Any) -> Subspace:
    return fitted(case.maps, case.classes, case.stride, k, ignore=case.ignore, **how)


def as_rows(subspace: Subspace) -> NDArray[np.float64]:
    return subspace.components.reshape(len(subspace.components), -1).astype(np.float64)


def holds(case: Case, k: int, subspace: Subspace) -> None:
    """Check components against the dense moment: energy, residual, orthonormality."""
    moment, values = spectrum(case, subspace.centred)
    V = as_rows(subspace)
    assert V.shape == (k, largest(case.stride, case.classes))
    np.testing.assert_allclose(V @ V.T, np.eye(k), atol=1e-5)
    trace, first = values.sum(), max(values[0], 1.0)
    energy = np.einsum("ij,jk,ik->", V, moment, V)
    assert energy == pytest.approx(values[:k].sum(), abs=1e-6 * max(trace, 1))
    if trace > 1e-6:
        assert subspace.explained(k) == pytest.approx(values[:k].sum() / trace, abs=1e-6)
    assert subspace.total == pytest.approx(trace, abs=1e-6 * first)
    # components are kept in float32, which adds a rounding of its own
    residual = np.linalg.norm(V @ moment - subspace.eigenvalues[:, None] * V, axis=1)
    floor = 1e-12 * float(one_hot_patches(case.maps, case.classes, case.stride, case.ignore).sum())
    assert (
        residual <= subspace.residual * np.maximum(subspace.eigenvalues, floor) + 1e-6 * first + 1e-9
    ).all()


@settings(max_examples=40, deadline=None)
@given(cases(longest=400), st.integers(1, 400), st.booleans(), st.sampled_from(SOLVERS))
def test_any_label_maps_give_the_dense_answer(case: Case, k: int, centred: bool, solver: str) -> None:
    k = min(k, largest(case.stride, case.classes))
    holds(case, k, found(case, k, centred=centred, solver=solver))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("stride", "classes"), [(8, 5), (7, 3), (16, 2)])
def test_structured_label_maps_give_the_dense_answer(
    stride: int, classes: int, centred: bool, solver: str
) -> None:
    case = streets(classes, stride)
    subspace = found(case, 12, centred=centred, solver=solver)
    holds(case, 12, subspace)
    assert subspace.residual <= eigen.TOLERANCE


def test_centred_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    case = streets(4, 8)
    X = one_hot_patches(case.maps, 4, 8, 255)
    pca = PCA(10, svd_solver="full").fit(X)
    subspace = found(case, 10, centred=True)
    np.testing.assert_allclose(subspace.mean.reshape(-1), pca.mean_, atol=1e-6)
    explained = [subspace.explained(k) for k in range(1, 11)]
    np.testing.assert_allclose(explained, pca.explained_variance_ratio_.cumsum(), atol=1e-6)
    assert subspace.patches == len(X)
    # the leading components are alike but for their signs
    alike = np.abs((as_rows(subspace) * pca.components_).sum(axis=1))
    assert (alike[:4] > 1 - 1e-4).all()


@pytest.mark.parametrize("stride", [4, 7, 8])
def test_all_solvers_agree(stride: int) -> None:
    case = streets(3, stride)
    by = {solver: found(case, 8, centred=True, solver=solver) for solver in (*SOLVERS, "sklearn")}
    for k in range(1, 9):
        explained = [subspace.explained(k) for subspace in by.values()]
        assert max(explained) - min(explained) < 1e-3
    for solver in SOLVERS:
        np.testing.assert_allclose(by[solver].mean, by["sklearn"].mean, atol=1e-5)
        overlap = np.linalg.norm(as_rows(by[solver])[:3] @ as_rows(by["sklearn"])[:3].T)
        assert overlap == pytest.approx(np.sqrt(3), abs=1e-2)


def test_scikit_learn_sees_every_patch_once() -> None:
    # 1,200 patches and batches of 1,024: what is left over must not be dropped
    case = streets(2, 4, count=13)
    subspace = found(case, 4, centred=True, solver="sklearn")
    X = one_hot_patches(case.maps, 2, 4, 255)
    assert len(X) > 1024
    assert subspace.patches == len(X)
    np.testing.assert_allclose(subspace.mean.reshape(-1), X.mean(axis=0), atol=1e-5)


def test_scikit_learn_cannot_do_without_centring() -> None:
    with pytest.raises(SegablateError, match="centres always") as caught:
        found(streets(2, 4), 4, solver="sklearn")
    assert caught.value.field == "solver"


def test_scikit_learn_needs_as_many_patches_as_components_and_says_so() -> None:
    case = Case([np.arange(64, dtype=np.uint8).reshape(8, 8) % 3], 3, 4, 255)
    with pytest.raises(SegablateError, match="there are 4 patches") as caught:
        found(case, 5, centred=True, solver="sklearn")
    assert caught.value.field == "solver"


def test_components_are_nested() -> None:
    case = streets(5, 8)
    _, values = spectrum(case, False)
    more, fewer = found(case, 20), found(case, 6)
    for k in range(1, 7):
        assert more.explained(k) == pytest.approx(fewer.explained(k), abs=1e-6)
        if values[k - 1] - values[k] > 0.01 * values[0]:
            overlap = np.linalg.norm(as_rows(more)[:k] @ as_rows(fewer)[:k].T)
            assert overlap == pytest.approx(np.sqrt(k), abs=1e-4)


DEGENERATE = {
    "one class": [np.full((16, 16), 1, np.uint8)],
    "one class, odd size": [np.full((17, 19), 1, np.uint8)],
    "all ignored": [np.full((9, 9), 255, np.uint8)],
    "one pixel": [np.zeros((1, 1), np.uint8)],
    "one ignored pixel": [np.full((1, 1), 255, np.uint8)],
    "fewer patches than components": [np.arange(64, dtype=np.uint8).reshape(8, 8) % 3],
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("k", [1, 2, 12, 47, 48])
@pytest.mark.parametrize("maps", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_label_maps_of_low_rank_have_components_too(
    maps: list[NDArray[np.uint8]], k: int, centred: bool, solver: str
) -> None:
    case = Case(maps, 3, 4, 255)
    subspace = found(case, k, centred=centred, solver=solver)
    holds(case, k, subspace)
    assert np.isfinite(subspace.residual)
    assert 0 <= subspace.explained(k) <= 1
    assert (subspace.eigenvalues >= 0).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("maps", [DEGENERATE["one class"], DEGENERATE["all ignored"]])
def test_scikit_learn_takes_maps_of_low_rank_too(maps: list[NDArray[np.uint8]]) -> None:
    subspace = fitted(maps, 3, 4, 2, centred=True, solver="sklearn")
    assert subspace.explained(2) == 1.0
    assert np.isfinite(subspace.eigenvalues).all()


def test_nothing_left_to_explain_is_explained_wholly() -> None:
    subspace = fitted(DEGENERATE["one class"], 3, 4, 2, centred=True)
    assert subspace.total == 0.0
    assert subspace.explained(1) == 1.0
    np.testing.assert_allclose(subspace.mean[1], 1, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_components_are_the_same_bytes_in_every_run_and_for_any_number_of_threads(solver: str) -> None:
    rng = np.random.default_rng(1)
    maps = [draw_map(rng, (30, 30), "blocks", 4, 255, np.uint8) for _ in range(90)]
    runs = [fitted(maps, 4, 8, 10, solver=solver, workers=workers) for workers in (1, 1, 4)]
    assert len({run.components.tobytes() for run in runs}) == 1
    assert len({run.eigenvalues.tobytes() for run in runs}) == 1


def test_auto_takes_the_moment_where_it_fits_and_runs_where_it_does_not() -> None:
    assert isinstance(fit.accumulator("auto", 21, 32), fit.MomentAccumulator)
    assert isinstance(fit.accumulator("auto", 150, 32), fit.RunsAccumulator)


def test_one_pass_serves_several_strides() -> None:
    from concurrent.futures import ThreadPoolExecutor

    case = streets(3, 8)
    done: list[int] = []
    reads: list[int] = []

    def reader(number: int) -> Any:
        reads.append(number)
        return case.maps[number]

    with ThreadPoolExecutor(1) as pool:
        both = fit.fit(
            [lambda number=number: reader(number) for number in range(len(case.maps))],
            classes=3, ignore=255, wanted={4: 5, 8: 7}, centred=False, solver="auto", pool=pool,
            tick=done.append,
        )  # fmt: skip
    assert sorted(reads) == list(range(len(case.maps)))
    assert sum(done) == len(case.maps)
    for stride, k in ((4, 5), (8, 7)):
        alone = fitted(case.maps, 3, stride, k)
        assert (both[stride].components == alone.components).all()


def test_a_subspace_survives_being_stored() -> None:
    subspace = found(streets(3, 4), 5, centred=True)
    again = Subspace.from_arrays({name: np.array(array) for name, array in subspace.to_arrays().items()})
    assert again.explained(3) == subspace.explained(3)
    for name in ("stride", "classes", "total", "centred", "patches", "residual"):
        assert getattr(again, name) == getattr(subspace, name)
    for name in ("components", "eigenvalues", "mean"):
        assert (getattr(again, name) == getattr(subspace, name)).all()


def test_weight_rows_are_ordered_by_row_then_column_then_class() -> None:
    subspace = found(streets(3, 4), 5, centred=True)
    weight, bias = subspace.weight(2), subspace.bias()
    assert weight.shape == (48, 2)
    for row, column, c in ((0, 0, 0), (1, 3, 2), (3, 2, 1)):
        at, pixel = (row * 4 + column) * 3 + c, row * 4 + column
        assert (weight[at] == subspace.components[:2, c, pixel]).all()
        assert bias[at] == subspace.mean[c, pixel]


@pytest.mark.parametrize("channels", [0, -1, 49])
def test_more_channels_than_a_patch_has_numbers_or_none_are_refused(channels: int) -> None:
    with pytest.raises(SegablateError, match="has 48 numbers") as caught:
        check_channels(channels, 4, 3)
    assert caught.value.field == "channels"
    check_channels(48, 4, 3)
