"""Augmentation: what is seen belongs to what is labelled, and it depends on seed and iteration only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from segablate.training import rng
from segablate.training.augment import Canvas, augment
from segablate.training.losses.base import IGNORE
from segablate.training.recipes.base import Recipe

GREY = (100.0, 110.0, 120.0)


def draw(**given: Any) -> rng.Draw:
    values = {**vars(rng.plain(1)), **{name: np.array([value]) for name, value in given.items()}}
    return rng.Draw(**values)


def canvas(height: int = 6, width: int = 8) -> tuple[Canvas, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    label = random.integers(0, 5, (height, width), dtype=np.uint8)
    return Canvas([image], [label], "cpu"), image, label


def test_nothing_drawn_changes_nothing() -> None:
    laid, image, label = canvas()
    colours, labels = augment(laid, rng.plain(1), (6, 8), GREY)
    np.testing.assert_allclose(colours[0].permute(1, 2, 0), image, atol=1e-3)
    np.testing.assert_array_equal(labels[0], label)


def test_mirrored_swaps_left_and_right_of_both() -> None:
    laid, image, label = canvas()
    colours, labels = augment(laid, draw(mirrored=True), (6, 8), GREY)
    np.testing.assert_allclose(colours[0].permute(1, 2, 0), image[:, ::-1], atol=1e-3)
    np.testing.assert_array_equal(labels[0], label[:, ::-1])


@pytest.mark.parametrize("scale", [2.0, 0.5])
def test_a_scaled_image_is_what_interpolate_gives(scale: float) -> None:
    laid, image, _ = canvas()
    size = (int(6 * scale), int(8 * scale))
    colours, _ = augment(laid, draw(scale=scale), size, GREY)
    given = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    expected = F.interpolate(given, size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(colours, expected, atol=1e-2, rtol=1e-4)


@pytest.mark.parametrize(("row", "column"), [(0.0, 0.0), (0.99, 0.99), (0.4, 0.6)])
def test_a_crop_larger_than_the_scaled_image_is_padded(row: float, column: float) -> None:
    laid, _, label = canvas()
    colours, labels = augment(laid, draw(row=row, column=column), (10, 20), GREY)
    inside = labels[0] != IGNORE
    assert int(inside.sum()) == label.size
    np.testing.assert_array_equal(labels[0][inside].reshape(6, 8), label)
    outside = colours[0].permute(1, 2, 0)[~inside]
    torch.testing.assert_close(outside, torch.tensor(GREY).expand_as(outside))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_crop_lies_within_the_image_and_the_whole_of_it_can_be_reached(share: float) -> None:
    laid, _, label = canvas()
    _, labels = augment(laid, draw(row=share, column=share), (4, 4), GREY)
    top, left = int(share * 3), int(share * 5)
    np.testing.assert_array_equal(labels[0], label[top : top + 4, left : left + 4])


def test_images_of_other_sizes_do_not_see_each_other() -> None:
    laid, image, label = canvas()
    small = np.full((3, 3, 3), 7, np.uint8)
    both = Canvas([image, small], [label, np.zeros((3, 3), np.uint8)], "cpu")
    colours, labels = augment(both, rng.plain(2), (6, 8), GREY)
    alone, _ = augment(laid, rng.plain(1), (6, 8), GREY)
    torch.testing.assert_close(colours[:1], alone)
    assert set(colours[1, 0][labels[1] != IGNORE].tolist()) == {7.0}


def test_brightness_contrast_and_saturation_by_hand() -> None:
    image = np.array([[[50, 100, 150], [10, 20, 30]]], np.uint8)
    laid = Canvas([image], [np.zeros((1, 2), np.uint8)], "cpu")
    bright, _ = augment(laid, draw(brightness=1.5), (1, 2), GREY)
    assert bright[0, :, 0, 0].tolist() == pytest.approx([75, 150, 225])
    grey, _ = augment(laid, draw(saturation=0.0), (1, 2), GREY)
    assert grey[0, :, 0, 0].tolist() == pytest.approx([0.299 * 50 + 0.587 * 100 + 0.114 * 150] * 3)
    flat, _ = augment(laid, draw(contrast=0.0), (1, 2), GREY)
    assert flat[0].std() == pytest.approx(0, abs=1e-4)


def test_a_draw_is_a_function_of_its_key() -> None:
    recipe = Recipe(scale=(0.5, 2.5), scale_step=0.25, jitter=0.5)
    one, again, other = (rng.draw(recipe, 500, rng.AUGMENT, 3, i) for i in (7, 7, 8))
    for name, values in vars(one).items():
        np.testing.assert_array_equal(values, vars(again)[name])
    assert not np.array_equal(one.row, other.row)
    assert set(one.scale * 4 % 1) == {0.0}
    assert (one.scale.min(), one.scale.max()) == (0.5, 2.5)
    assert 0.4 < one.mirrored.mean() < 0.6
    assert 0.5 <= one.contrast.min() < one.contrast.max() <= 1.5


def test_every_image_comes_once_before_any_comes_again() -> None:
    seen = np.concatenate([rng.order(5, iteration, 4, 10) for iteration in range(5)])
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert list(seen[:10]) != list(seen[10:])
    assert list(rng.order(6, 0, 4, 10)) != list(seen[:4])
    np.testing.assert_array_equal(rng.order(5, 3, 4, 10), seen[12:16])
