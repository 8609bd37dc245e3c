"""Label maps of a network: mirrored, scaled and seen through windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from segablate.training.predict import TTA, Predictor, _labels
from segablate.training.recipes.base import Recipe

PIXELS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class Brightest(nn.Module):
    """The class is the brightest colour."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, int]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append((image.shape[-2], image.shape[-1]))
        return image


class Leftist(nn.Module):
    """Class 0 on the left of what it sees, class 1 on the right."""

    def forward(self, image: Tensor) -> Tensor:
        ramp = torch.linspace(1, -1, image.shape[-1]).expand(image.shape[-2], -1)
        return torch.stack([ramp + 0.1, -ramp])[None]


def image(height: int = 20, width: int = 31) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def predictor(network: nn.Module, **sight: object) -> Predictor:
    return Predictor(network, PIXELS, TTA(**sight), "cpu", Recipe())  # type: ignore[arg-type]


def test_it_is_the_arg_max_and_a_tie_goes_to_the_lowest_class() -> None:
    given = image()
    np.testing.assert_array_equal(predictor(Brightest()).of_image(given), given.argmax(-1))


@pytest.mark.parametrize("case", ["ties", "cut", "channels-last", "bfloat16", "nan", "infinite"])
def test_labels_are_those_of_torchs_arg_max(case: str) -> None:
    scores = torch.randn(1, 7, 33, 50)
    if case == "ties":
        scores = scores.round()
    elif case == "cut":
        scores = scores[:, :, :30, :41]
    elif case == "channels-last":
        scores = scores.to(memory_format=torch.channels_last)
    elif case == "bfloat16":
        scores = scores.bfloat16()
    elif case == "nan":
        scores[0, 3, 5:9] = torch.nan
    elif case == "infinite":
        scores[0, 2, 3], scores[0, 4, 7] = -torch.inf, torch.inf
    np.testing.assert_array_equal(_labels(scores), scores[0].argmax(0).numpy())


def test_windows_cover_the_image_and_overlap_by_a_third() -> None:
    network, given = Brightest(), image()
    found = predictor(network, window=(12, 12)).of_image(given)
    np.testing.assert_array_equal(found, given.argmax(-1))
    assert network.seen == [(12, 12)] * len(network.seen)
    assert len(network.seen) == 2 * 4  # 12 and 8 more rows; 12 and three times at most 8 more columns
    assert len(network.seen) > 1


def test_an_image_that_fits_is_seen_at_once() -> None:
    network = Brightest()
    predictor(network, window=(20, 40)).of_image(image())
    assert network.seen == [(20, 31)]


def test_mirrored_looks_cancel_what_depends_on_the_side() -> None:
    plain = predictor(Leftist()).of_image(image())
    both = predictor(Leftist(), flip=True).of_image(image())
    assert set(plain.flatten()) == {0, 1}
    assert set(both.flatten()) == {0}


def test_scales_are_seen_and_brought_back() -> None:
    network = Brightest()
    flat = np.zeros((20, 31, 3), np.uint8)
    flat[..., 2] = 9
    found = predictor(network, scales=(0.5, 1.0, 2.0)).of_image(flat)
    assert network.seen == [(10, 16), (20, 31), (40, 62)]
    assert found.shape == (20, 31)
    assert set(found.flatten()) == {2}
