"""The second moment, counted without a one-hot patch, equals the dense XᵀX entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import numpy as np
import pytest
from dense_labels import Case, cases, draw_map, one_hot_patches
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segablate.labels import moment
from segablate.labels.moment import SecondMoment
from segablate.labels.patches import Labels, cut, pad, raster


def counted(
    case: Case, batches: Sequence[Sequence[Labels]] | None = None, workers: int = 1
) -> NDArray[np.float64]:
    """Σ v vᵀ as one (N, N) matrix, pixels in raster order."""
    total = SecondMoment(case.classes, case.stride)
    with ThreadPoolExecutor(workers) as pool:

        def add(batch: Sequence[Labels]) -> None:
            total.add([cut(pad(label, case.stride, case.ignore), case.stride) for label in batch])

        list(pool.map(add, [case.maps] if batches is None else batches))
        blocks = total.finish(pool)
    pixels, place = case.stride**2, raster(case.stride)
    whole = np.zeros((case.classes, pixels, case.classes, pixels))
    met = {(c, d): (rows == c).T.astype(int) @ (rows == d) for (c, d), rows in blocks.few.items()}
    assert not met.keys() & blocks.counts.keys()
    for (c, d), block in (blocks.counts | met).items():
        assert c <= d
        whole[c, place[:, None], d, place[None, :]] = block
        whole[d, place[:, None], c, place[None, :]] = block.T
    assert total.patches == len(one_hot_patches(case.maps, 1, case.stride, case.ignore))
    return whole.reshape(case.classes * pixels, -1)


def dense(case: Case) -> NDArray[np.float64]:
    X = one_hot_patches(case.maps, case.classes, case.stride, case.ignore)
    return X.T @ X


@settings(max_examples=50, deadline=None)
@given(cases())
@example(Case([np.zeros((1, 1), np.uint8)], 1, 1, 255))
@example(Case([np.zeros((1, 1), np.uint16)], 1, 17, 255))
def test_it_equals_the_dense_one(case: Case) -> None:
    assert (counted(case) == dense(case)).all()


@settings(max_examples=40, deadline=None)
@given(
    cases(longest=600),
    st.integers(1, 40),
    st.integers(1, 200),
    st.integers(0, 40),
    st.sampled_from([0.0, 0.2, 1.0, 10.0]),
    st.integers(1, 3),
)
def test_neither_batches_nor_threads_nor_flushing_change_it(
    case: Case, rows: int, waiting: int, worth: int, block: float, workers: int
) -> None:
    many = Case(case.maps * 3, case.classes, case.stride, case.ignore)
    small = {
        "ROWS_A_PRODUCT": rows,
        "PATCHES_WAITING": waiting,
        "ROWS_WORTH_A_PRODUCT": worth,
        "ROWS_WORTH_NO_MERGING": worth // 2,
        "PATCHES_WORTH_A_BLOCK": block,
    }
    with mock.patch.multiple(moment, **small):
        found = counted(many, [[label] for label in many.maps], workers)
    assert (found == dense(many)).all()


def test_what_is_pending_is_flushed_and_the_products_come_in_every_kind() -> None:
    # that the paths of the test above are really taken
    rng = np.random.default_rng(0)
    maps = [draw_map(rng, (40, 40), "blocks", 3, 255, np.uint8) for _ in range(30)]
    case = Case(maps, 3, 8, 255)
    kinds = set()
    multiply = SecondMoment._multiply

    def spy(self: SecondMoment, kind: moment.Kind, rows: Labels) -> None:
        kinds.add((kind[0] == 15, len(kind[1]), kind[2]))
        multiply(self, kind, rows)

    with (
        mock.patch.multiple(
            moment, ROWS_A_PRODUCT=3, PATCHES_WAITING=30, ROWS_WORTH_A_PRODUCT=2, ROWS_WORTH_NO_MERGING=2
        ),
        mock.patch.object(SecondMoment, "_multiply", spy),
    ):
        found = counted(case, [[label] for label in maps])
    assert (found == dense(case)).all()
    assert {(True, 2, False), (False, 2, False), (False, 2, True), (False, 1, False)} <= kinds


@pytest.mark.parametrize("classes", [60, 61, 62, 63, 64, 65, 70, 200])
@pytest.mark.parametrize("stride", [2, 8])
def test_more_classes_in_a_batch_than_a_machine_word_has_bits(classes: int, stride: int) -> None:
    label = np.arange(classes, dtype=np.uint8).repeat(3)
    label = np.resize(label, (16, 3 * classes // 16 + 1))
    assert len(np.unique(label)) >= classes - 1
    other = np.random.default_rng(classes).integers(0, 2, (9, 9)).astype(np.uint8)
    case = Case([label, other], classes, stride, 255)
    X = one_hot_patches(case.maps, classes, stride, 255)
    q = np.random.default_rng(0).normal(size=(X.shape[1], 2))
    if X.shape[1] <= 1200:
        assert (counted(case) == X.T @ X).all()
    total = SecondMoment(classes, stride)
    total.add([cut(pad(label, stride, 255), stride) for label in case.maps])
    place = raster(stride)
    by_class = np.ascontiguousarray(q.reshape(classes, -1, 2)[:, place]).reshape(-1, 2)
    with ThreadPoolExecutor(1) as pool:
        product = total.finish(pool).times(by_class, pool).reshape(classes, -1, 2)
    expected = (X.T @ (X @ q)).reshape(classes, -1, 2)[:, place]
    np.testing.assert_allclose(product, expected, atol=1e-9)


def test_patches_of_one_class_are_counted_apart() -> None:
    total = SecondMoment(3, 4)
    total.add([cut(np.full((8, 12), 2, np.uint8), 4), cut(np.full((4, 4), 255, np.uint8), 4)])
    assert total.pure.tolist() == [0, 0, 6]
    assert total.patches == 7
