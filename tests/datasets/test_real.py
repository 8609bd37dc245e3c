"""Real data sets, where they are at hand, read as Pillow reads them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.datasets.base import datasets
from segablate.datasets.decoded import decoded

pytestmark = pytest.mark.data


def made(name: str, folder: str):
    if not (Path(os.environ["SEGABLATE_DATA"]) / folder).is_dir():
        pytest.skip(f"$SEGABLATE_DATA has no `{folder}`")
    return datasets.part(name).build({}, {})


@pytest.fixture
def voc():
    return made("voc", "voc2012")


@pytest.fixture
def camvid():
    return made("camvid", "camvid")


def pillow(item):
    with Image.open(item.label) as image:
        return np.asarray(image)


def test_voc_with_sbd_has_10582_and_1449_label_maps(voc):
    assert len(voc.items(voc.default_fit)) == 10_582
    assert len(voc.items(voc.default_score)) == 1_449


def test_vocs_label_maps_are_what_pillow_gives_and_take_the_quick_way(voc):
    from segablate.datasets.png import read_indices

    for item in [*voc.items("train_aug")[::200], *voc.items("val")[::50]]:
        read = voc.label(item)
        assert (read == pillow(item)).all()
        assert (read_indices(item.label.read_bytes(), None) == read).all()


def test_camvid_in_the_tutorials_split_has_367_101_and_233_images(camvid):
    assert [len(camvid.items(split)) for split in camvid.splits] == [367, 101, 233]


def test_camvids_label_maps_are_what_pillow_gives(camvid):
    for split in camvid.splits:
        for item in camvid.items(split)[::10]:
            assert (camvid.label(item) == pillow(item)).all()
            assert camvid.image(item).shape == (360, 480, 3)


def test_all_of_camvids_images_decode_to_360_by_480(camvid, tmp_path):
    counts = {}
    for split in camvid.splits:
        kept = decoded(camvid, split, tmp_path)
        counts[split] = len(kept)
        assert {kept.size(index) for index in range(len(kept))} == {(360, 480)}
        for index in (0, len(kept) - 1):
            item = camvid.items(split)[index]
            with Image.open(item.image) as image:
                assert (kept.image(index) == np.asarray(image.convert("RGB"))).all()
            assert (kept.label(index) == np.where(pillow(item) == 11, 255, pillow(item))).all()
    assert counts == {"train": 367, "val": 101, "test": 233}
