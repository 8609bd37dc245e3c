"""All scores of predicted label maps equal their definitions, pixel by pixel and object by object."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dense_labels import draw_map
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import confusion_matrix, jaccard_score

from segablate.errors import SegablateError
from segablate.labels import bands, objects
from segablate.labels.ceiling import Truth
from segablate.labels.confusion import scores
from segablate.labels.patches import Labels
from segablate.labels.scores import Scores

STYLES = ["noise", "blocks", "stripes", "one", "ignored"]


def other_label_at(label: Labels) -> NDArray[np.int_]:
    """Chessboard distance of each pixel to the nearest of another label; large where there is none."""
    away = np.full(label.shape, 10_000)
    for value in np.unique(label):
        mine = label == value
        if not mine.all():
            away[mine] = ndimage.distance_transform_cdt(mine, metric="chessboard")[mine]
    return away


def object_sizes(label: Labels) -> NDArray[np.int_]:
    """Pixels of the object that each pixel lies in."""
    areas = np.zeros(label.shape, int)
    for value in np.unique(label):
        numbers, _ = ndimage.label(label == value)
        inside = numbers > 0
        areas[inside] = np.bincount(numbers[inside])[numbers[inside]]
    return areas


@st.composite
def maps(draw: st.DrawFn) -> Labels:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.tuples(st.integers(1, 90), st.integers(1, 90)))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    label = draw_map(rng, shape, draw(st.sampled_from(STYLES)), draw(st.integers(1, 5)), 255, dtype)
    # the odd border in a plain area is what a window may miss
    label[rng.integers(0, shape[0]), rng.integers(0, shape[1])] = 0
    return label


@st.composite
def data_sets(draw: st.DrawFn) -> tuple[list[Labels], list[Labels], int]:
    classes = draw(st.sampled_from([1, 2, 3, 19, 21, 150, 255]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truths, said = [], []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
        truth = draw_map(rng, shape, draw(st.sampled_from(STYLES)), classes, 255, np.uint8)
        right = (truth < classes) & (rng.random(shape) < draw(st.floats(0, 1)))
        truths.append(truth)
        said.append(np.where(right, truth, rng.integers(0, classes, shape)).astype(np.uint8))
    return truths, said, classes


def counted(truths: list[Labels], said: list[Labels], classes: int, widths: tuple[int, ...]) -> Scores:
    found = Scores(classes, widths=widths)
    for number, (truth, prediction) in enumerate(zip(truths, said, strict=True)):
        found.add(f"image {number}", truth, prediction)
    return found


@settings(max_examples=120, deadline=None)
@given(maps(), st.lists(st.integers(1, 70), min_size=1, max_size=6, unique=True).map(sorted))
def test_rings_are_the_chessboard_distance_to_another_label(label: Labels, widths: list[int]) -> None:
    away = other_label_at(label)
    expected = np.sum([away > width for width in widths], axis=0)
    assert (bands.rings(label, widths) == expected).all()


@settings(max_examples=120, deadline=None)
@given(maps())
def test_sizes_are_those_of_connected_parts_of_one_label(label: Labels) -> None:
    areas = object_sizes(label)
    expected = (areas >= objects.LIMITS[0]).astype(int) + (areas >= objects.LIMITS[1])
    assert (objects.sizes(label) == expected).all()


@pytest.mark.parametrize(("side", "size"), [(31, "small"), (32, "medium"), (95, "medium"), (96, "large")])
def test_an_object_of_32_squared_is_medium_and_of_96_squared_large(side: int, size: str) -> None:
    label = np.zeros((200, 200), np.uint8)
    label[50 : 50 + side, 60 : 60 + side] = 1
    assert objects.SIZES[objects.sizes(label)[50, 60]] == size
    assert objects.SIZES[objects.sizes(label)[0, 0]] == "large"


def test_parts_that_touch_at_corners_only_are_two_objects() -> None:
    label = np.zeros((80, 80), np.uint8)
    label[:31, :31] = 1
    label[31:62, 31:62] = 1
    assert objects.SIZES[objects.sizes(label)[0, 0]] == "small"


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=60, deadline=None)
@given(data_sets())
def test_scores_over_the_data_set_equal_scikit_learn(
    case: tuple[list[Labels], list[Labels], int],
) -> None:
    truths, said, classes = case
    found = counted(truths, said, classes, (1, 3, 8))
    matrices = []
    for truth, prediction in zip(truths, said, strict=True):
        scored = truth < classes
        some = scored.any()
        matrices.append(
            confusion_matrix(truth[scored], prediction[scored], labels=range(classes))
            if some
            else np.zeros((classes, classes), int)
        )
    assert (found.confusions == np.array(matrices)).all()
    true = np.concatenate([truth[truth < classes] for truth in truths])
    flat = np.concatenate([p[t < classes] for t, p in zip(truths, said, strict=True)])
    summary = found.summary()
    if not len(true):
        assert math.isnan(summary["miou"])
        assert summary["trimap"] == summary["by_size"] == summary["per_class_iou"] == {}
        return
    occurring = np.unique(true)
    expected = jaccard_score(true, flat, labels=occurring, average=None)
    assert list(summary["per_class_iou"]) == [str(c) for c in occurring]
    np.testing.assert_allclose(list(summary["per_class_iou"].values()), expected)
    assert summary["miou"] == pytest.approx(expected.mean())
    assert summary["pixel_accuracy"] == pytest.approx((true == flat).mean())


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=60, deadline=None)
@given(data_sets())
def test_bands_and_sizes_score_their_own_pixels_only(
    case: tuple[list[Labels], list[Labels], int],
) -> None:
    truths, said, classes = case
    found = counted(truths, said, classes, (1, 3, 8))
    summary, arrays = found.summary(), found.arrays()
    true, flat, away, area = (
        np.concatenate([np.ravel(one) for one in many])
        for many in (truths, said, map(other_label_at, truths), map(object_sizes, truths))
    )
    for width in (1, 3, 8):
        inside = (true < classes) & (away <= width)
        assert (str(width) in summary["trimap"]) == inside.any()
        if inside.any():
            iou = jaccard_score(true[inside], flat[inside], labels=np.unique(true[inside]), average="macro")
            assert summary["trimap"][str(width)] == pytest.approx(iou)
    small, large = objects.LIMITS
    of_size = {"small": area < small, "medium": (area >= small) & (area < large), "large": area >= large}
    for word, of_it in of_size.items():
        inside = (true < classes) & of_it
        assert (word in summary["by_size"]) == inside.any()
        if inside.any():
            iou = jaccard_score(true[inside], flat[inside], labels=np.unique(true[inside]), average="macro")
            assert summary["by_size"][word] == pytest.approx(iou)
    assert (arrays["sizes"].sum(axis=0) == arrays["confusions"].sum(axis=0)).all()
    assert (np.diff(arrays["bands"], axis=0) >= 0).all()


@settings(max_examples=40, deadline=None)
@given(data_sets())
def test_the_ceilings_count_the_same_matrix_and_the_same_contours(
    case: tuple[list[Labels], list[Labels], int],
) -> None:
    truths, said, classes = case
    found = counted(truths, said, classes, (1,))
    both = [Truth(t, classes, 255).compare(p) for t, p in zip(truths, said, strict=True)]
    assert (found.confusions.sum(axis=0) == sum(matrix for matrix, _ in both)).all()
    regions = sum((near for _, near in both[1:]), both[0][1])
    assert found.arrays()["boundary"][0].tolist() == regions.both.tolist()
    assert scores(sum(m for m, _ in both)).miou == pytest.approx(found.summary()["miou"], nan_ok=True)
    assert found.summary()["boundary_iou"] == pytest.approx(regions.iou(), nan_ok=True)


def test_a_strip_of_ignore_between_two_classes_is_their_border() -> None:
    """As on VOC: the band lies on both sides of the strip, and the strip itself is not scored."""
    truth = np.zeros((9, 15), np.uint8)
    truth[:, 5:10] = 255
    truth[:, 10:] = 1
    predicted = np.where(np.arange(15) < 4, 0, 1)[None].repeat(9, 0).astype(np.uint8)
    found = counted([truth], [predicted], 2, (1, 2))
    # the column beside the strip on the left is wrong, the one on the right is right
    assert found.arrays()["bands"][0].tolist() == [[0, 9], [0, 9]]
    assert found.summary()["trimap"] == {"1": 0.25, "2": pytest.approx((9 / 18 + 18 / 27) / 2)}


def test_an_image_of_one_class_has_no_band() -> None:
    label = np.zeros((20, 20), np.uint8)
    summary = counted([label], [label], 2, (1, 32)).summary()
    assert summary["trimap"] == {}
    assert summary["by_size"] == {"small": 1.0}


def test_blurred_contours_cost_thin_bands_most() -> None:
    truth = np.zeros((200, 200), np.uint8)
    truth[50:150, 50:150] = 1
    found = counted([truth], [np.roll(truth, 2, axis=1)], 2, bands.WIDTHS)
    curve = list(found.summary()["trimap"].values())
    assert len(curve) == len(bands.WIDTHS)
    assert curve[0] < curve[2] < curve[4] < found.summary()["miou"] < 1


def test_no_images_have_no_scores() -> None:
    found = Scores(3)
    assert found.confusions.shape == (0, 3, 3)
    assert math.isnan(found.summary()["miou"])
    assert len(found.arrays()["names"]) == 0


def test_archives_of_matrices_are_smallest_with_images_side_by_side() -> None:
    label = np.zeros((4, 4), np.uint8)
    found = counted([label, label], [label, label], 3, (1,))
    assert found.confusions.flags.f_contiguous
    assert found.arrays()["names"].tolist() == ["image 0", "image 1"]


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([[0, 7]], [[0, 0]], "a.png: label 7 at row 0, column 1, but there are 3 classes"),
        ([[0, 0]], [[3, 0]], "a.png: predicted label 3 at row 0, column 0, but there are 3 classes"),
        ([[0, 0]], [[0]], "a.png: the label map is 1×2, but 1×1 were predicted"),
    ],
)
def test_labels_outside_the_classes_and_maps_of_two_sizes_are_errors(
    truth: list[list[int]], predicted: list[list[int]], message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        Scores(3).add("a.png", np.array(truth, np.uint8), np.array(predicted, np.uint8))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("widths", [(), (0, 1), (2, 2), (4, 1)])
def test_widths_increase_from_at_least_one(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not increase"):
        Scores(3, widths=widths)


def test_the_ignored_value_is_no_class() -> None:
    with pytest.raises(ValueError, match="no room"):
        Scores(300)


def test_the_matrix_of_a_block_is_the_sum_of_its_images() -> None:
    scored = Scores(3)
    rng = np.random.default_rng(0)
    for name in "abc":
        scored.add(name, *rng.integers(0, 3, (2, 8, 8), dtype=np.uint8))
    found = scored.blocks(["street", "park", "street"])
    assert found["names"].tolist() == ["street", "park"]
    each = scored.confusions.astype(np.int64)
    assert np.array_equal(found["confusions"], [each[0] + each[2], each[1]])
