"""Second opinions: resampling by hand with whole matrices, and the scores of `labels`."""

import numpy as np
import pytest

from segablate.evidence.images import Pixels, over_images, scored
from segablate.labels.confusion import scores


def matrices(n, seed, classes=4):
    rng = np.random.default_rng(seed)
    right = rng.integers(50, 500, (n, classes, 1)) * np.eye(classes, dtype=int)
    return (right + rng.integers(0, 40, (n, classes, classes))).astype(np.uint32)


def names(n):
    return [f"{i:03}" for i in range(n)]


def pixels(confusions):
    return Pixels.of(names(len(confusions)), confusions)


def test_scores_are_those_of_one_matrix_over_the_data_set():
    confusions = matrices(9, 0)
    found = scored(pixels(confusions).counts.sum(axis=0)[None, None])
    opinion = scores(confusions.sum(axis=0).astype(np.int64))
    assert found["miou"][0, 0] == pytest.approx(opinion.miou)
    assert found["pixel_accuracy"][0, 0] == pytest.approx(opinion.pixel_accuracy)


def test_a_class_that_does_not_occur_is_no_part_of_the_mean():
    confusions = matrices(5, 0)
    confusions[:, 2] = 0
    found = scored(pixels(confusions).counts.sum(axis=0)[None, None])
    assert found["miou"][0, 0] == pytest.approx(scores(confusions.sum(axis=0).astype(np.int64)).miou)


def test_the_error_is_that_of_resampling_whole_matrices():
    one, other = matrices(40, 0), matrices(40, 1)
    found = over_images(pixels(one), [pixels(other)])[0]["miou"]
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(1500):
        at = rng.integers(0, 40, 40)
        a, b = (scores(m[at].sum(axis=0).astype(np.int64)).miou for m in (one, other))
        drawn.append(b - a)
    assert found.error == pytest.approx(np.std(drawn) * np.sqrt(40 / 39), rel=0.07)
    whole = [scores(m.sum(axis=0).astype(np.int64)).miou for m in (one, other)]
    assert found.difference == pytest.approx(whole[1] - whole[0])
    assert (found.n, found.source) == (40, "images")


def test_images_are_paired_by_name_and_others_are_left_out():
    one, other = matrices(20, 0), matrices(20, 1)
    order = np.random.default_rng(0).permutation(20)
    shuffled = Pixels.of([names(20)[i] for i in order], other[order])
    fewer = Pixels.of(names(20)[3:], other[3:])
    straight, mixed, short = over_images(pixels(one), [pixels(other), shuffled, fewer])
    assert mixed["miou"].error == pytest.approx(straight["miou"].error, rel=1e-9)
    assert short["miou"].n == 17


def test_one_image_is_no_sample():
    found = over_images(pixels(matrices(1, 0)), [pixels(matrices(1, 1))])[0]["miou"]
    assert found.n == 1
    assert not found.known


def test_the_same_label_maps_are_the_same():
    one = pixels(matrices(30, 0))
    found = over_images(one, [one])[0]["miou"]
    assert found.difference == found.error == 0
    assert found.p_matters(0.005) < 0.01


def test_a_few_images_that_make_all_of_the_difference_leave_few_degrees_of_freedom():
    one = matrices(100, 0)
    other = one.copy()
    other[0] = other[0][:, ::-1]
    assert over_images(pixels(one), [pixels(other)])[0]["miou"].freedom < 5


def test_it_is_the_same_each_time():
    one, other = pixels(matrices(30, 0)), pixels(matrices(30, 1))
    assert over_images(one, [other]) == over_images(one, [other])
