"""Confusion matrices and scores, by hand and by scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score

from segablate.labels.confusion import confusion, confusion_near, scores
from segablate.labels.patches import Labels


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Labels, Labels, int]:
    """Truth with ignored pixels, a prediction that is right here and there, and the number of classes."""
    classes = draw(st.sampled_from([1, 2, 3, 19, 21, 150, 255, 256, 300]))
    wide = classes > 255 or draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    dtype = np.uint16 if wide else np.uint8
    truth = rng.integers(0, classes, shape).astype(dtype)
    prediction = np.where(rng.random(shape) < draw(st.floats(0, 1)), truth, rng.integers(0, classes, shape))
    truth[rng.random(shape) < draw(st.sampled_from([0, 0.2, 1]))] = draw(
        st.sampled_from([classes, 65535] if wide else [255])
    )
    return truth, prediction.astype(dtype), classes


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=80, deadline=None)
@given(pairs())
def test_confusion_equals_scikit_learn(pair: tuple[Labels, Labels, int]) -> None:
    truth, prediction, classes = pair
    scored = truth < classes
    found = confusion(truth, prediction, classes)
    assert found.dtype == np.int64
    assert found.sum() == scored.sum()
    if scored.any():
        expected = confusion_matrix(truth[scored], prediction[scored], labels=range(classes))
        assert (found == expected).all()


@settings(max_examples=80, deadline=None)
@given(pairs())
def test_counting_only_what_differs_gives_the_same(pair: tuple[Labels, Labels, int]) -> None:
    truth, prediction, classes = pair
    occurs = np.bincount(truth.reshape(-1), minlength=classes)[:classes].astype(np.int64)
    assert (confusion_near(truth, prediction, occurs) == confusion(truth, prediction, classes)).all()


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_iou_equals_scikit_learn(pair: tuple[Labels, Labels, int]) -> None:
    truth, prediction, classes = pair
    scored = truth < classes
    found = scores(confusion(truth, prediction, classes))
    if not scored.any():
        assert math.isnan(found.miou)
        return
    occurring = np.unique(truth[scored]).tolist()
    expected = jaccard_score(truth[scored], prediction[scored], labels=occurring, average=None)
    assert list(found.per_class_iou) == occurring
    np.testing.assert_allclose(list(found.per_class_iou.values()), expected)
    assert found.miou == pytest.approx(expected.mean())
    assert found.pixel_accuracy == pytest.approx((truth == prediction)[scored].mean())


def test_three_by_three_by_hand_with_an_ignored_pixel_and_an_absent_class() -> None:
    truth = np.array([[0, 0, 1], [0, 1, 1], [255, 3, 3]], np.uint8)
    prediction = np.array([[0, 1, 1], [0, 0, 1], [2, 3, 0]], np.uint8)
    matrix = confusion(truth, prediction, 4)
    assert matrix.tolist() == [[2, 1, 0, 0], [1, 2, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]
    found = scores(matrix)
    # class 0: 2 right, 3 true, 4 said; class 1: 2, 3, 3; class 2 nowhere true; class 3: 1, 2, 1
    assert found.per_class_iou == {0: 2 / 5, 1: 2 / 4, 3: 1 / 2}
    assert found.miou == pytest.approx((2 / 5 + 2 / 4 + 1 / 2) / 3)
    assert found.pixel_accuracy == 5 / 8
    assert found.pixels == 8


def test_a_class_that_is_said_but_never_true_has_no_iou_and_costs_the_true_one() -> None:
    found = scores(confusion(np.array([[0, 0]], np.uint8), np.array([[0, 1]], np.uint8), 3))
    assert found.per_class_iou == {0: 0.5}
    assert found.miou == 0.5


def test_everything_right_is_exactly_one() -> None:
    truth = np.arange(300, dtype=np.uint16).reshape(15, 20)
    found = scores(confusion(truth, truth, 300))
    assert found.miou == 1.0
    assert found.pixel_accuracy == 1.0


def test_where_all_is_ignored_there_is_no_score() -> None:
    truth = np.full((4, 4), 255, np.uint8)
    found = scores(confusion(truth, truth, 21))
    assert math.isnan(found.miou)
    assert math.isnan(found.pixel_accuracy)
    assert found.pixels == 0
    assert found.per_class_iou == {}


def test_miou_is_over_one_matrix_not_a_mean_over_images() -> None:
    right = confusion(np.array([[0, 0, 0, 1]], np.uint8), np.array([[0, 0, 0, 1]], np.uint8), 2)
    wrong = confusion(np.array([[0, 1]], np.uint8), np.array([[1, 1]], np.uint8), 2)
    together = scores(right + wrong).miou
    assert together == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert together != pytest.approx((scores(right).miou + scores(wrong).miou) / 2)


def test_bytes_may_stand_for_more_classes_than_a_byte_holds() -> None:
    truth = np.arange(256, dtype=np.uint8).reshape(16, 16)
    matrix = confusion(truth, truth[::-1], 258)
    assert matrix.sum() == 256
    assert (matrix[truth, truth[::-1]] == 1).all()
