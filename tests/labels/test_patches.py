"""Cutting into patches loses nothing and moves nothing."""

from __future__ import annotations

import numpy as np
import pytest
from dense_labels import Case, cases, padded
from hypothesis import given, settings

from segablate.labels.patches import cut, layout, pad, paste, raster

quick = settings(max_examples=60, deadline=None)


@quick
@given(cases(longest=20_000))
def test_padding_adds_ignored_pixels_below_and_to_the_right_only(case: Case) -> None:
    for label in case.maps:
        whole = pad(label, case.stride, case.ignore)
        assert whole.dtype == label.dtype
        assert (whole == padded(label, case.stride, case.ignore)).all()


@quick
@given(cases(longest=20_000))
def test_patches_pasted_back_are_the_map(case: Case) -> None:
    for label in case.maps:
        whole, r = pad(label, case.stride, case.ignore), case.stride
        patches = cut(whole, r)
        pixels = layout(r).pixels
        grid = patches.first.reshape(-1, 1).repeat(pixels, axis=1)
        grid[patches.mixed.reshape(-1)] = patches.flat
        again = paste(grid, r).reshape(*patches.first.shape, r, r).swapaxes(1, 2).reshape(whole.shape)
        assert (again == whole).all()


@quick
@given(cases(longest=20_000))
def test_a_patch_is_mixed_exactly_if_it_holds_two_values(case: Case) -> None:
    for label in case.maps:
        whole, r = pad(label, case.stride, case.ignore), case.stride
        patches = cut(whole, r)
        cells = whole.reshape(whole.shape[0] // r, r, whole.shape[1] // r, r)
        assert (patches.mixed == (cells.max(axis=(1, 3)) != cells.min(axis=(1, 3)))).all()
        assert (patches.first == whole[::r, ::r]).all()
        assert len(patches.mixed_pixels) == patches.mixed.sum()


@pytest.mark.parametrize("stride", range(1, 34))
def test_kept_order_is_a_permutation_that_paste_undoes(stride: int) -> None:
    order = raster(stride)
    assert sorted(order.tolist()) == list(range(stride * stride))
    assert (paste(order[None], stride).reshape(-1) == np.arange(stride * stride)).all()


@pytest.mark.parametrize("stride", [1, 4, 7, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_map_of_one_class_has_no_mixed_patch_and_that_is_no_trouble(stride: int, dtype: type) -> None:
    patches = cut(pad(np.full((32, 48), 3, dtype), stride, 3), stride)
    assert not patches.mixed.any()
    assert patches.mixed_pixels.shape == (0, layout(stride).cells, layout(stride).side ** 2)
    assert patches.flat.shape == (0, stride * stride)


@pytest.mark.parametrize("offset", range(6))
def test_one_pixel_that_differs_anywhere_makes_a_patch_mixed(offset: int) -> None:
    # whole machine words are compared, so every place in a word is tried
    for stride in (3, 4, 5, 6, 8, 16, 17):
        label = np.full((stride, 2 * stride), 1, np.uint8)
        label[offset % stride, stride + (5 * offset) % stride] = 0
        assert cut(label, stride).mixed.tolist() == [[False, True]]


def test_a_map_that_is_not_contiguous_is_cut_as_well() -> None:
    label = np.arange(24 * 24, dtype=np.uint16).reshape(24, 24) % 7
    turned = pad(label.T, 8, 255)
    assert (cut(turned, 8).mixed_pixels == cut(label.T.copy(), 8).mixed_pixels).all()
