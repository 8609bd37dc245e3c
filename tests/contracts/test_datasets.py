"""What every registered data set owes to whoever uses it. A new one needs a line in `MADE`."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segablate.datasets.base import blocks, datasets
from segablate.datasets.decoded import decoded
from segablate.errors import SegablateError


def _pictures(folder: Path, stems: Iterable[str], suffix: str, *, colours: bool = False) -> None:
    folder.mkdir(parents=True)
    for index, stem in enumerate(stems):
        random = np.random.default_rng(index)
        values = random.integers(0, 3, (12, 10, 3) if colours else (12, 10)).astype(np.uint8)
        Image.fromarray(values).save(folder / f"{stem}.{suffix}")


def _shapes(root: Path) -> dict[str, Any]:
    return {"images": 3, "size": [48, 64]}


def _folder(root: Path) -> dict[str, Any]:
    _pictures(root / "y", "abc", "png")
    _pictures(root / "x", "abc", "jpg", colours=True)
    return {"root": str(root), "labels": "y", "images": "x", "classes": 3}


def _voc(root: Path) -> dict[str, Any]:
    _pictures(root / "SegmentationClassAug", "abcd", "png")
    _pictures(root / "JPEGImages", "abcd", "jpg", colours=True)
    (root / "ImageSets/Segmentation").mkdir(parents=True)
    (root / "ImageSets/Segmentation/train_aug.txt").write_text("b\na\n")
    (root / "ImageSets/Segmentation/val.txt").write_text("d\nc\n")
    return {"root": str(root)}


def _camvid(root: Path) -> dict[str, Any]:
    for split in ("train", "val", "test"):
        _pictures(root / split, "ab", "png", colours=True)
        _pictures(root / f"{split}annot", "ab", "png")
    return {"root": str(root)}


def _pascal_context(root: Path) -> dict[str, Any]:
    _pictures(root / "SegmentationClassContext", "abc", "png")
    _pictures(root / "JPEGImages", "abc", "jpg", colours=True)
    (root / "ImageSets/SegmentationContext").mkdir(parents=True)
    (root / "ImageSets/SegmentationContext/train.txt").write_text("b\na\n")
    (root / "ImageSets/SegmentationContext/val.txt").write_text("c\n")
    return {"root": str(root)}


def _cityscapes(root: Path) -> dict[str, Any]:
    for split, city, stem in (
        ("train", "ulm", "ulm_1_0"),
        ("train", "bonn", "bonn_7_2"),
        ("val", "ulm", "ulm_2_0"),
    ):
        _pictures(root / "leftImg8bit" / split / city, [f"{stem}_leftImg8bit"], "png", colours=True)
        _pictures(root / "gtFine" / split / city, [f"{stem}_gtFine_labelIds"], "png")
    return {"root": str(root)}


def _ade20k(root: Path) -> dict[str, Any]:
    for split in ("training", "validation"):
        _pictures(root / "images" / split, "ab", "jpg", colours=True)
        _pictures(root / "annotations" / split, "ab", "png")
    return {"root": str(root)}


MADE: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "shapes": _shapes, "folder": _folder, "voc": _voc, "camvid": _camvid,
    "pascal-context": _pascal_context, "cityscapes": _cityscapes, "ade20k": _ade20k,
}  # fmt: skip


@pytest.fixture(params=datasets.names())
def part(request):
    assert request.param in MADE, "say in `MADE` how a small one is made"
    return datasets.part(request.param)


@pytest.fixture
def settings(part, tmp_path):
    return MADE[part.name](tmp_path)


@pytest.fixture
def data(part, settings):
    return part.build({}, settings)


def test_settings_are_keywords_and_explained(part):
    assert part.ingredients == ()
    explained = part.explained
    assert part.summary.endswith(".")
    for name in part.defaults:
        assert f"{name}:" in explained


def test_settings_survive_json(part, settings):
    full = part.settings(settings)
    assert part.settings(json.loads(json.dumps(full))) == full


def test_classes_have_distinct_names_and_a_colour_each(data):
    assert len(set(data.classes)) == len(data.classes) >= 1
    assert data.palette.dtype == np.uint8
    assert data.palette.shape == (len(data.classes), 3)


def test_default_splits_are_splits(data):
    assert {data.default_fit, data.default_score} <= set(data.splits)


def test_items_have_names_of_their_own_and_a_fixed_order(part, settings, data):
    for split in data.splits:
        items = data.items(split)
        assert len(items) >= 1
        assert len({item.name for item in items}) == len(items)
        assert list(part.build({}, settings).items(split)) == list(items)


def test_each_item_is_in_a_block_mapped_or_not(part, settings, data):
    mapped = part.build({}, {**settings, "map": {data.classes[0]: data.classes[-1]}})
    for split in data.splits:
        found = blocks(data, split)
        assert len(found) == len(data.items(split))
        assert all(found)
        assert blocks(mapped, split) == found


def test_labels_are_classes_or_ignore(data):
    for split in data.splits:
        for item in data.items(split):
            label = data.label(item)
            assert label.ndim == 2
            assert label.dtype in (np.uint8, np.uint16)
            assert ((label < len(data.classes)) | (label == data.ignore)).all()


def test_images_are_as_large_as_their_labels(data):
    for split in data.splits:
        for item in data.items(split):
            image = data.image(item)
            assert image.dtype == np.uint8
            assert image.shape == (*data.label(item).shape, 3)


def test_reading_again_or_in_threads_gives_the_same(data):
    items = list(data.items(data.default_fit)) * 8
    with ThreadPoolExecutor(4) as pool:
        for item, label in zip(items, pool.map(data.label, items), strict=True):
            assert (label == data.label(item)).all()


def test_what_is_read_belongs_to_the_reader(data):
    item = data.items(data.default_fit)[0]
    for read in (data.label, data.image):
        first = read(item)
        kept = first.copy()
        first[...] = 0
        assert (read(item) == kept).all()


def test_fingerprints_are_short_and_repeat(part, settings, data):
    for split in data.splits:
        again = part.build({}, settings)
        for mark, same in (
            (data.fingerprint(split), again.fingerprint(split)),
            (data.image_fingerprint(split), again.image_fingerprint(split)),
        ):
            assert mark == same
            assert 16 <= len(mark) <= 64


def test_an_unknown_split_is_an_error_with_a_hint(data):
    with pytest.raises(SegablateError) as caught:
        data.items("nosuchsplit")
    assert "`nosuchsplit`" in caught.value.message
    assert caught.value.hint


def test_it_can_be_handed_to_another_process(data):
    again = pickle.loads(pickle.dumps(data))
    item = again.items(again.default_fit)[0]
    assert (again.label(item) == data.label(item)).all()


def test_every_data_set_is_named_where_it_is_registered(part):
    assert Path(part.file).stem.replace("_", "-") == part.name


def test_its_classes_can_be_merged_and_left_out_without_its_knowing(part, settings, data):
    first, second, third = data.classes[:3]
    mapped = part.build({}, {**settings, "map": {first: "both", second: "both", third: None}})
    assert mapped.classes == ("both", *data.classes[3:])
    assert mapped.palette.tolist() == [data.palette[0].tolist(), *data.palette[3:].tolist()]
    split = data.default_fit
    for item in data.items(split):
        before, after = data.label(item), mapped.label(item)
        both = (before <= 1) & (before != data.ignore)
        assert ((after == 0) == both).all()
        assert (after[(before == 2) | (before == data.ignore)] == mapped.ignore).all()
    assert mapped.fingerprint(split) != data.fingerprint(split)
    assert mapped.image_fingerprint(split) == data.image_fingerprint(split)


def test_decoded_it_gives_the_same_pictures(data, tmp_path):
    split = data.default_fit
    kept = decoded(data, split, tmp_path / "kept")
    assert (len(kept), kept.classes) == (len(data.items(split)), len(data.classes))
    for index, item in enumerate(data.items(split)):
        label = data.label(item)
        ignored = np.zeros(label.shape, bool) if data.ignore is None else label == data.ignore
        assert kept.name(index) == item.name
        assert (kept.image(index) == data.image(item)).all()
        assert (kept.label(index) == np.where(ignored, 255, label)).all()
