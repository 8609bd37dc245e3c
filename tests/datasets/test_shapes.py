"""The generated streets: the same everywhere, varied, and as hard as label maps are."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from segablate.datasets.shapes import Shapes

PROGRAM = (
    "import hashlib; from segablate.datasets.shapes import Shapes; d = Shapes(images=1, size=(64, 96)); "
    "i = d.items('val')[0]; print(hashlib.sha256(d.label(i).tobytes() + d.image(i).tobytes()).hexdigest())"
)


@pytest.fixture(scope="module")
def data():
    return Shapes(images=24)


@pytest.fixture(scope="module")
def labels(data):
    return np.stack([data.label(item) for item in data.items("train")])


def test_every_class_and_void_occur(data, labels):
    assert np.unique(labels).tolist() == [*range(len(data.classes)), 255]


def test_no_class_takes_all_and_void_takes_little(labels):
    shares = np.bincount(labels.ravel(), minlength=256) / labels.size
    assert shares.max() < 0.5
    assert 0 < shares[255] < 0.05


def test_poles_are_one_to_three_pixels_wide(data, labels):
    poles = labels == data.classes.index("pole")
    widths = np.bincount(_run_lengths(poles))
    assert widths[1:4].sum() > 0.9 * widths.sum()  # arms of lamps are the rest


def test_cars_and_pedestrians_are_far_and_small_and_near_and_large(data, labels):
    for name in ("car", "pedestrian"):
        tall = (labels == data.classes.index(name)).sum(axis=1)
        assert (tall.max(axis=1) > 35).any()
        assert ((tall > 0) & (tall < 8)).any()


def test_many_cells_of_sixteen_pixels_hold_several_classes(labels):
    cells = labels.reshape(len(labels), 16, 16, 24, 16).swapaxes(2, 3).reshape(-1, 256)
    assert 0.2 < np.mean(cells.min(axis=1) != cells.max(axis=1)) < 0.7


def test_scenes_differ_between_items_splits_and_seeds(data):
    seen = {
        Shapes(images=4, seed=seed).label(item).tobytes()
        for seed in (0, 1)
        for split in data.splits
        for item in Shapes(images=4).items(split)
    }
    assert len(seen) == 2 * 3 * 4


def test_an_item_is_the_same_however_many_there_are(data):
    few = Shapes(images=2)
    assert (few.label(few.items("val")[1]) == data.label(data.items("val")[1])).all()


def test_another_process_draws_the_same():
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_threads_draw_the_same(data, labels):
    with ThreadPoolExecutor(4) as pool:
        assert (np.stack(list(pool.map(data.label, data.items("train")))) == labels).all()


def test_images_tell_of_classes_without_giving_them_away(data, labels):
    """Colour alone gives more than the commonest class does, and much less than all."""
    pixels = np.stack([data.image(item) for item in data.items("train")])
    assert pixels.shape == (24, 256, 384, 3)
    bins = (pixels >> 5).astype(int) @ np.array([64, 8, 1])
    half = len(labels) // 2
    table = np.zeros((512, 256), int)
    np.add.at(table, (bins[:half].ravel(), labels[:half].ravel()), 1)
    guessed = table.argmax(axis=1)[bins[half:]]
    commonest = np.bincount(labels[half:].ravel()).max() / labels[half:].size
    assert commonest + 0.1 < np.mean(guessed == labels[half:]) < 0.9


@pytest.mark.parametrize("size", [(8, 8), (8, 300), (97, 13), (33, 65), (700, 600)])
def test_any_size_can_be_drawn(size):
    data = Shapes(images=3, size=size)
    for item in data.items("test"):
        assert data.label(item).shape == size
        assert data.image(item).shape == (*size, 3)


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"images": 0}, "images"), ({"size": (7, 100)}, "size"), ({"size": (100, 5000)}, "size")],
)
def test_settings_out_of_range_are_named(refused, settings, field):
    assert refused(lambda: Shapes(**settings)).field == field


def test_an_unknown_split_is_told_with_the_nearest(data, refused):
    assert refused(lambda: data.items("tain")).hint == "did you mean `train`?"


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """Lengths of the horizontal runs in which a mask holds."""
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (0, 0), (1, 1))), axis=2)
    starts, ends = np.nonzero(edges == 1)[2], np.nonzero(edges == -1)[2]
    return ends - starts
