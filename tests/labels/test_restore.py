"""What is restored from 1/r of the size equals the dense projection, and torch's own upsampling."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from dense_labels import Case, agree, cases, draw_map, fitted, lay_out, one_hot_patches, padded
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from segablate.labels.ceiling import restore_all
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.restore import Bilinear, Linear, Nearest, Restorer
from segablate.labels.subspace import largest
from segablate.models.upsamplers.base import Subspace as Basis
from segablate.models.upsamplers.base import Upsampler, upsampler_class, upsamplers

quick = settings(max_examples=40, deadline=None)


def restored(label: Labels, restorer: Restorer, ignore: int) -> list[Labels]:
    given_back = restorer.restore(cut(pad(label, restorer.stride, ignore), restorer.stride))
    return [again[: label.shape[0], : label.shape[1]] for again in given_back]


def averages(label: Labels, case: Case) -> NDArray[np.float64]:
    """Share of each class in each cell, (classes, rows, columns), by definition."""
    X = one_hot_patches([label], case.classes, case.stride, case.ignore)
    grid = -(-label.shape[0] // case.stride), -(-label.shape[1] // case.stride)
    return X.reshape(*grid, case.classes, -1).mean(axis=3).transpose(2, 0, 1)


def enlarged(code: NDArray[np.float64], size: tuple[int, int], align_corners: bool) -> NDArray[np.float64]:
    made = F.interpolate(torch.from_numpy(code)[None], size, mode="bilinear", align_corners=align_corners)
    return made[0].numpy()


# --- DUpsampling


@settings(max_examples=30, deadline=None)
@given(cases(longest=300), st.booleans(), st.data())
def test_linear_equals_the_dense_projection_for_several_widths_at_once(
    case: Case, centred: bool, data: st.DataObject
) -> None:
    X = one_hot_patches(case.maps, case.classes, case.stride, case.ignore)
    mean = X.mean(axis=0) * centred
    _, sizes, V = np.linalg.svd(X - mean, full_matrices=True)
    values = np.concatenate([sizes**2, np.zeros(len(V) - len(sizes))])
    # only where there is a gap is the leading subspace one and the same for everybody
    gaps = [k for k, (a, b) in enumerate(pairwise([*values, 0.0]), 1) if a - b > 1e-2 * max(values[0], 1)]
    assume(gaps)
    widths = data.draw(st.lists(st.sampled_from(gaps), min_size=1, max_size=4))
    subspace = fitted(case.maps, case.classes, case.stride, max(widths), centred=centred, ignore=case.ignore)
    linear = Linear(subspace, widths)
    for label in case.maps:
        own = one_hot_patches([label], case.classes, case.stride, case.ignore) - mean
        for width, again in zip(widths, restored(label, linear, case.ignore), strict=True):
            scores = own @ V[:width].T @ V[:width] + mean
            seen = np.where(label < case.classes, again, 0)  # nothing is said of ignored pixels
            agree(seen, lay_out(scores, label.shape, case.stride) * (label < case.classes), margin=2e-3)
            assert again.shape == label.shape
            assert again.dtype == label.dtype


@quick
@given(cases(longest=200), st.booleans())
def test_all_components_restore_every_pixel_exactly(case: Case, centred: bool) -> None:
    k = largest(case.stride, case.classes)
    subspace = fitted(case.maps, case.classes, case.stride, k, centred=centred, ignore=case.ignore)
    for label in case.maps:
        (again,) = restored(label, Linear(subspace, [k]), case.ignore)
        assert (again == label)[label < case.classes].all()


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("stride", [4, 7, 8, 16])
def test_widths_together_equal_each_alone(stride: int, centred: bool) -> None:
    rng = np.random.default_rng(stride)
    maps = [draw_map(rng, (50, 70), "blocks", 5, 255, np.uint8) for _ in range(4)]
    subspace = fitted(maps, 5, stride, 24, centred=centred)
    together = Linear(subspace, [24, 3, 9, 3])
    for label in maps:
        for width, again in zip([24, 3, 9, 3], restored(label, together, 255), strict=True):
            (alone,) = restored(label, Linear(subspace, [width]), 255)
            assert (again != alone).mean() < 1e-3  # adding up in another order may turn a tie


def test_more_patches_than_go_at_once_are_all_restored() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, (90, 90)).astype(np.uint8)
    subspace = fitted([label], 3, 3, 27)
    (again,) = restored(label, Linear(subspace, [27]), 255)
    assert (again == label).all()


def test_more_classes_than_a_byte_holds_are_restored() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 300, (20, 20)).astype(np.uint16)
    subspace = fitted([label], 300, 2, 1200, ignore=65535)
    (again,) = restored(label, Linear(subspace, [1200]), 65535)
    assert (again == label).all()


# --- nearest


@quick
@given(cases(longest=20_000, most_classes=12))
def test_nearest_is_the_most_frequent_class_of_a_cell_and_the_lowest_of_equals(case: Case) -> None:
    r = case.stride
    for label in case.maps:
        (again,) = restored(label, Nearest(r, case.classes), case.ignore)
        whole = padded(label, r, case.ignore)
        for top in range(0, label.shape[0], r):
            for left in range(0, label.shape[1], r):
                cell = whole[top : top + r, left : left + r].reshape(-1).tolist()
                counts = [cell.count(c) for c in range(case.classes)]
                if any(counts):
                    assert set(again[top : top + r, left : left + r].reshape(-1).tolist()) == {
                        counts.index(max(counts))
                    }


# --- bilinear


@quick
@given(cases(longest=20_000, most_classes=12), st.booleans())
def test_bilinear_equals_torch_except_at_ties(case: Case, align_corners: bool) -> None:
    for label in case.maps:
        if not (label < case.classes).any():
            continue
        (again,) = restored(label, Bilinear(case.stride, case.classes, align_corners), case.ignore)
        size = padded(label, case.stride, case.ignore).shape
        agree(
            again, enlarged(averages(label, case), size, align_corners)[:, : label.shape[0], : label.shape[1]]
        )


def test_bilinear_gives_a_tie_to_the_lowest_class() -> None:
    label = np.array([[2, 1], [1, 2]], np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    (again,) = restored(label, Bilinear(8, 3), 255)
    assert (again == 1).all()


def fractions(cells: int, stride: int, align_corners: bool) -> NDArray[np.object_]:
    """Weights of the cells at every pixel, (pixels, cells), as fractions."""
    pixels = cells * stride
    weights = np.full((pixels, cells), Fraction(0), object)
    for pixel in range(pixels):
        place = Fraction(2 * pixel + 1, 2 * stride) - Fraction(1, 2)
        if align_corners:
            place = Fraction(pixel * (cells - 1), max(pixels - 1, 1))
        place = min(max(place, Fraction(0)), Fraction(cells - 1))
        low = int(place)
        weights[pixel, low] += 1 - (place - low)
        weights[pixel, min(low + 1, cells - 1)] += place - low
    return weights


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("stride", [2, 3, 5, 6, 7, 12])
def test_bilinear_gives_every_tie_to_the_lowest_class(stride: int, align_corners: bool) -> None:
    rng = np.random.default_rng(stride)
    rows, columns = (fractions(count, stride, align_corners) for count in (5, 3))
    tied = 0
    for _ in range(4):
        label = rng.choice([0, 1, 255], (5 * stride, 3 * stride)).astype(np.uint8)
        cells = label.reshape(5, stride, 3, stride).transpose(0, 2, 1, 3).reshape(5, 3, -1)
        zero, one = (rows @ (cells == c).sum(2).astype(object) @ columns.T for c in (0, 1))
        (again,) = restored(label, Bilinear(stride, 2, align_corners), 255)
        assert (again == (one > zero)).all()
        tied += int((one == zero).sum())
    assert tied


def test_a_label_map_of_one_column_does_not_fill_the_memory() -> None:
    label = np.random.default_rng(0).integers(0, 3, (100_000, 1)).astype(np.uint8)
    tracemalloc.start()
    restored(label, Bilinear(8, 3), 255)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000  # a matrix of all pixels and all cells is 5 GB


@pytest.mark.parametrize("align_corners", [False, True])
def test_bilinear_of_a_single_cell_is_that_cell(align_corners: bool) -> None:
    label = np.array([[0, 1], [1, 1]], np.uint8)
    (again,) = restored(label, Bilinear(2, 2, align_corners), 255)
    assert (again == 1).all()


# --- all


@pytest.mark.parametrize("align_corners", [False, True])
@given(case=cases(longest=60, most_classes=60))
@settings(max_examples=25, deadline=None)
def test_at_stride_one_everything_comes_back(align_corners: bool, case: Case) -> None:
    classes = case.classes
    subspace = fitted(case.maps, classes, 1, classes, ignore=case.ignore)
    ways = [Nearest(1, classes), Bilinear(1, classes, align_corners), Linear(subspace, [classes])]
    for label in case.maps:
        for way in ways:
            (again,) = restored(label, way, case.ignore)
            assert (again == label)[label < classes].all()


WITH_PROJECTION = {
    "nearest": {},
    "bilinear": {},
    "bilinear, corners aligned": {"align_corners": True},
    "dupsampling": {"channels": 6},
    "dupsampling, centred": {"channels": 6, "bias": True},
}


def test_every_upsampler_with_a_projection_is_compared_with_its_module() -> None:
    having = set()
    for name in upsamplers.names():
        chosen = upsamplers.part(name).settings({})
        made = upsampler_class(name)
        if made.needs_labels(chosen) or made.restorer(3, 4, chosen, None) is not None:
            having.add(name)
    assert having == {name.split(",")[0] for name in WITH_PROJECTION}


@pytest.mark.parametrize("stride", [1, 4, 7, 8])
@pytest.mark.parametrize("case_name", WITH_PROJECTION)
def test_the_projection_in_numpy_equals_the_module_in_torch(case_name: str, stride: int) -> None:
    name, given_settings = case_name.split(",")[0], WITH_PROJECTION[case_name]
    rng = np.random.default_rng(stride)
    maps = [draw_map(rng, (41, 30), "blocks", 4 if stride > 1 else 8, 255, np.uint8) for _ in range(3)]
    case = Case(maps, 8 if stride == 1 else 4, stride, 255)
    part = upsamplers.part(name)
    chosen = part.settings(given_settings)
    centred = bool(chosen.get("bias"))
    subspace = basis = None
    if upsampler_class(name).needs_labels(chosen):
        subspace = fitted(maps, case.classes, stride, 6, centred=centred)
        basis = Basis(subspace.weight(6), subspace.bias())
        chosen["temperature"] = False
    module: Upsampler = part.build({"classes": case.classes, "stride": stride, "subspace": basis}, chosen)
    restorer = upsampler_class(name).restorer(case.classes, stride, chosen, subspace)
    assert restorer is not None
    for label in maps:
        code = averages(label, case)
        if basis is not None:
            X = one_hot_patches([label], case.classes, stride, 255)
            v = X.reshape(len(X), case.classes, -1).transpose(0, 2, 1).reshape(len(X), -1)
            grid = code.shape[1:]
            code = ((v - basis.mean) @ basis.basis).T.reshape(6, *grid)
        with torch.no_grad():
            scores = module(torch.from_numpy(code.astype(np.float32))[None], label.shape)[0].numpy()
        (again,) = restored(label, restorer, 255)
        scored = label < case.classes  # nothing is said of ignored pixels
        agree(np.where(scored, again, 0), scores * scored)


def test_restorers_of_one_stride_share_patches_and_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, (20, 20)).astype(np.uint8)
    subspace = fitted([label], 3, 4, 9)
    ways: list[Restorer] = [Linear(subspace, [9, 2]), Nearest(8, 3), Bilinear(4, 3)]
    found = restore_all(label, ways, 255)
    expected = [again for way in ways for again in restored(label, way, 255)]
    assert [again[:20, :20].tolist() for again in found] == [again.tolist() for again in expected]
