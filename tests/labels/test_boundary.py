"""Boundary IoU equals the paper's definition, class by class, with scipy's erosion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dense_labels import draw_map
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from segablate.labels import boundary
from segablate.labels.boundary import Regions, distance, near_contour, occurrences, regions
from segablate.labels.ceiling import Truth
from segablate.labels.patches import Labels


def contour(mask: NDArray[np.bool_], d: int) -> NDArray[np.bool_]:
    """A mask less its erosion; beyond the frame there is nothing."""
    square = np.ones((2 * d + 1, 2 * d + 1), bool)
    return mask & ~binary_erosion(mask, square, border_value=0)


def by_definition(truth: Labels, prediction: Labels, classes: int, d: int) -> Regions:
    prediction = np.where(truth >= classes, truth, prediction)
    counts = np.zeros((3, classes), np.int64)
    for c in range(classes):
        true, said = contour(truth == c, d), contour(prediction == c, d)
        counts[:, c] = (true & said).sum(), true.sum(), said.sum()
    return Regions(*counts)


def same(found: Regions, expected: Regions) -> None:
    for name in ("both", "truth", "prediction"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Labels, Labels, int]:
    classes = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    style = draw(st.sampled_from(["noise", "blocks", "stripes", "one", "ignored"]))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    truth = draw_map(rng, shape, style, classes, 255, dtype)
    prediction = np.roll(np.where(truth < classes, truth, 0), draw(st.integers(0, 3)), axis=1).astype(dtype)
    return truth, prediction, classes


@settings(max_examples=80, deadline=None)
@given(pairs(), st.integers(1, 25))
def test_regions_equal_the_definition_for_any_window(pair: tuple[Labels, Labels, int], d: int) -> None:
    truth, prediction, classes = pair
    prediction = np.where(truth >= classes, truth, prediction)
    near = near_contour(truth, d)
    found = regions(truth, near, prediction, occurrences(truth, near, classes), d)
    same(found, by_definition(truth, prediction, classes, d))


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_a_comparison_takes_the_prediction_for_the_truth_where_nothing_is_scored(
    pair: tuple[Labels, Labels, int],
) -> None:
    truth, prediction, classes = pair
    d = distance((truth.shape[0], truth.shape[1]))
    _, found = Truth(truth, classes, 255).compare(prediction)
    same(found, by_definition(truth, prediction, classes, d))


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (1, 30), (30, 1), (4, 5)])
def test_a_map_no_larger_than_the_window_is_all_contour(shape: tuple[int, int]) -> None:
    label = np.zeros(shape, np.uint8)
    assert near_contour(label, 2).all()
    near = near_contour(label, 2)
    found = regions(label, near, label, occurrences(label, near, 2), 2)
    same(found, by_definition(label, label, 2, 2))


def test_the_distance_is_two_per_cent_of_the_diagonal_and_at_least_one() -> None:
    assert boundary.RATIO == 0.02
    assert distance((375, 500)) == round(0.02 * 625)
    assert distance((3, 4)) == 1


def test_everything_right_is_one_and_nothing_scored_is_nan() -> None:
    label = np.arange(12, dtype=np.uint8).reshape(3, 4) % 2
    assert by_definition(label, label, 2, 1).iou() == 1.0
    _, found = Truth(label, 2, 255).compare(label)
    assert found.iou() == 1.0
    assert math.isnan(Regions.none(2).iou())


def test_the_mean_is_over_classes_that_occur_in_the_truth() -> None:
    counts = Regions(np.array([1, 0, 0]), np.array([2, 4, 0]), np.array([1, 0, 5]))
    assert counts.iou() == pytest.approx((1 / 2 + 0 / 4) / 2)


def test_a_shift_costs_more_near_contours_than_over_all_pixels() -> None:
    truth = np.zeros((100, 100), np.uint8)
    truth[30:70, 30:70] = 1
    matrix, found = Truth(truth, 2, 255).compare(np.roll(truth, 2, axis=1))
    assert found.iou() < matrix.diagonal().sum() / matrix.sum() - 0.1
