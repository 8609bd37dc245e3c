"""The search for a better code, by itself."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from segablate.labels.ceiling import Truth
from segablate.labels.confusion import scores
from segablate.labels.fit import fit
from segablate.labels.work import threads
from segablate.measures.ceilings.search import CodeSearch

CLASSES, STRIDE, IGNORE = 4, 8, 255


def scene(seed: int) -> np.ndarray:
    """Discs on a background, each with a border that is not scored, as PASCAL VOC draws them."""
    rng = np.random.default_rng(seed)
    label = np.zeros((48, 56), np.uint8)
    rows, columns = np.ogrid[:48, :56]
    for value in rng.integers(1, CLASSES, 5):
        middle, radius = rng.uniform(0, 50, 2), rng.uniform(4, 12)
        far = np.hypot(rows - middle[0], columns - middle[1])
        label[far < radius + 2] = IGNORE
        label[far < radius] = value
    return label


def code_search(channels: int) -> tuple[CodeSearch, list[np.ndarray]]:
    maps = [scene(seed) for seed in range(6)]
    with threads(1) as pool:
        subspace = fit(
            [partial(np.copy, label) for label in maps],
            classes=CLASSES,
            ignore=IGNORE,
            wanted={STRIDE: channels},
            centred=False,
            solver="auto",
            pool=pool,
        )[STRIDE]
    spec = {"use": "dupsampling", "channels": channels, "weights": "pca", "bias": False}
    return CodeSearch(spec, STRIDE, CLASSES, IGNORE, subspace), maps


@pytest.mark.parametrize("spec", ["dupsampling", "bilinear"])
def test_the_search_gives_back_more_where_a_border_is_ignored(spec: str) -> None:
    found, maps = code_search(8)
    if spec == "bilinear":
        settings = {"use": "bilinear", "align_corners": False, "fit": "crop"}
        found = CodeSearch(settings, STRIDE, CLASSES, IGNORE, None)
    gained = 0.0
    for label in maps:
        truth = Truth(label, CLASSES, IGNORE)
        begun, searched = (scores(truth.compare(map_)[0]) for map_ in found.both(label, truth))
        assert searched.pixel_accuracy >= begun.pixel_accuracy
        gained += searched.pixel_accuracy - begun.pixel_accuracy
    assert gained / len(maps) > 0.005


def test_a_code_wider_than_a_patch_of_the_maps_own_classes_is_searched_too() -> None:
    found, _ = code_search(150)  # a patch of two classes has 128 numbers
    label = np.random.default_rng(0).integers(0, 2, (16, 16)).astype(np.uint8)
    truth = Truth(label, CLASSES, IGNORE)
    begun, searched = found.both(label, truth)
    assert (begun != label).any()
    assert scores(truth.compare(searched)[0]).miou >= scores(truth.compare(begun)[0]).miou
