"""PASCAL-Context, Cityscapes and ADE20K: what values mean, and what is told where files are missing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segablate.datasets.ade20k import Ade20k
from segablate.datasets.base import blocks
from segablate.datasets.camvid import CamVid
from segablate.datasets.cityscapes import Cityscapes
from segablate.datasets.pascal_context import PascalContext


def names(data, split):
    return [item.name for item in data.items(split)]


@pytest.fixture
def context(save, tmp_path):
    for stem in ("2008_000002", "2008_000003", "2008_000004"):
        save(f"SegmentationClassContext/{stem}.png", [[0, 55, 59]])
        save(f"JPEGImages/{stem}.jpg", np.zeros((1, 3, 3)), "RGB")
    lists = tmp_path / "ImageSets" / "SegmentationContext"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("2008_000003\n2008_000002\n")
    (lists / "val.txt").write_text("2008_000004\n")
    return tmp_path


class TestCamVid:
    def test_its_blocks_are_runs_of_15_frames_of_one_sequence(self, save, tmp_path):
        stems = [f"0001TP_{number:06}" for number in range(16)] + ["Seq05VD_f00000", "Seq05VD_f00030"]
        for stem in stems:
            save(f"trainannot/{stem}.png", [[0]])
            save(f"testannot/{stem}.png", [[0]])
        data = CamVid(root=str(tmp_path))
        assert blocks(data, "test") == ("0001TP/0",) * 15 + ("0001TP/1",) + ("Seq05VD/0",) * 2
        listed = tmp_path / "some.txt"
        listed.write_text("Seq05VD_f00030\n0001TP_000003\n")
        save("trainannot/other.png", [[0]])
        (tmp_path / "testannot").rename(tmp_path / "away")
        assert blocks(data, str(listed)) == ("Seq05VD/0", "0001TP/0")


def test_a_data_set_without_blocks_has_one_an_item(context):
    data = PascalContext(root=str(context))
    assert blocks(data, "train") == ("2008_000003", "2008_000002")


class TestPascalContext:
    def test_its_values_are_in_the_order_of_the_alphabet(self, context):
        data = PascalContext(root=str(context))
        assert len(data.classes) == 60
        assert data.classes[1:] == tuple(sorted(data.classes[1:]))
        # issue 1940 of MMSegmentation asks why 2008_000002, a picture of a television, holds 55
        assert data.classes[55] == "tv-monitor"

    def test_59_classes_are_the_same_without_background(self, context):
        whole, fewer = PascalContext(root=str(context)), PascalContext(root=str(context), classes=59)
        assert fewer.classes == whole.classes[1:]
        assert fewer.palette.tolist() == whole.palette[1:].tolist()
        item = fewer.items("val")[0]
        assert whole.label(item).tolist() == [[0, 55, 59]]
        assert fewer.label(item).tolist() == [[255, 54, 58]]
        assert fewer.fingerprint("val") != whole.fingerprint("val")

    def test_59_classes_are_60_with_background_left_out(self, context):
        from segablate.datasets.base import datasets

        part = datasets.part("pascal-context")
        fewer = part.build({}, {"root": str(context), "classes": 59})
        mapped = part.build({}, {"root": str(context), "map": {"background": None}})
        item = fewer.items("val")[0]
        assert mapped.classes == fewer.classes
        assert (mapped.label(item) == fewer.label(item)).all()

    def test_its_splits_are_its_lists(self, context):
        data = PascalContext(root=str(context))
        assert (data.splits, data.default_fit, data.default_score) == (("train", "val"), "train", "val")
        assert names(data, "train") == ["2008_000003", "2008_000002"]

    def test_a_listed_image_that_is_missing_is_named(self, context, refused):
        (context / "JPEGImages" / "2008_000002.jpg").unlink()
        data = PascalContext(root=str(context))
        for read in (lambda: data.image(data.items("train")[1]), lambda: data.image_fingerprint("train")):
            error = refused(read)
            assert str(error) == f"{context / 'JPEGImages' / '2008_000002.jpg'}: there is no such file"


@pytest.fixture
def cityscapes(save, tmp_path):
    for split, frame in (
        ("train", "ulm_000001_000019"),
        ("train", "aachen_000000_000019"),
        ("val", "bonn_0_1"),
    ):
        city = frame.partition("_")[0]
        image = save(f"leftImg8bit/{split}/{city}/{frame}_leftImg8bit.png", np.zeros((1, 35, 3)), "RGB")
        labels = f"gtFine/{split}/{city}/{frame}_gtFine"
        save(f"{labels}_labelIds.png", [[*range(34), 255]], "L")
        save(f"{labels}_instanceIds.png", [[*range(34), 0]], "L")
        save(f"{labels}_color.png", np.zeros((1, 35, 3)), "RGB")
        (tmp_path / f"{labels}_polygons.json").write_text("{}")
        assert image.is_file()
    return tmp_path


# the ids that count and their names, as the paper's Table 1 and the data set's scripts have them
IDS = {
    "road": 7, "sidewalk": 8, "building": 11, "wall": 12, "fence": 13, "pole": 17, "traffic-light": 19,
    "traffic-sign": 20, "vegetation": 21, "terrain": 22, "sky": 23, "person": 24, "rider": 25, "car": 26,
    "truck": 27, "bus": 28, "train": 31, "motorcycle": 32, "bicycle": 33,
}  # fmt: skip


class TestCityscapes:
    def test_ids_become_classes_and_all_others_are_ignored(self, cityscapes):
        data = Cityscapes(root=str(cityscapes))
        label = data.label(data.items("val")[0])[0]
        found = {data.classes[value]: at for at, value in enumerate(label.tolist()) if value != 255}
        assert found == IDS
        assert data.classes == tuple(IDS)

    def test_cities_are_joined_and_sorted_and_other_files_passed_over(self, cityscapes):
        data = Cityscapes(root=str(cityscapes))
        assert names(data, "train") == ["aachen_000000_000019", "ulm_000001_000019"]
        assert data.image(data.items("train")[0]).shape == (1, 35, 3)

    def test_train_ids_are_read_where_there_is_nothing_else(self, cityscapes, save):
        with_ids = Cityscapes(root=str(cityscapes))
        kept = {split: [with_ids.label(item) for item in with_ids.items(split)] for split in with_ids.splits}
        for path in list(cityscapes.rglob("*_labelIds.png")):
            values = np.full(35, 255)
            values[list(IDS.values())] = range(19)
            save(str(path).replace("labelIds", "labelTrainIds"), [values], "L")
        assert Cityscapes(root=str(cityscapes)).items("val")[0].label.name.endswith("_labelIds.png")
        for path in list(cityscapes.rglob("*_labelIds.png")):
            path.unlink()
        data = Cityscapes(root=str(cityscapes))
        for split, labels in kept.items():
            for item, label in zip(data.items(split), labels, strict=True):
                assert (data.label(item) == label).all()

    def test_an_id_that_does_not_exist_is_told(self, cityscapes, save, refused):
        path = save("gtFine/val/bonn/bonn_0_1_gtFine_labelIds.png", [[34]], "L")
        data = Cityscapes(root=str(cityscapes))
        error = refused(lambda: data.label(data.items("val")[0]))
        assert str(error).startswith(f"{path}: value 34 at row 0, column 0, but there are 19 classes")

    def test_a_list_may_name_frames_images_or_label_maps(self, cityscapes):
        (cityscapes / "some.txt").write_text(
            "bonn_0_1\n"
            "leftImg8bit/train/ulm/ulm_000001_000019_leftImg8bit.png\n"
            "a.png gtFine/train/aachen/aachen_000000_000019_gtFine_labelTrainIds.png\n"
        )
        data = Cityscapes(root=str(cityscapes))
        assert names(data, "some.txt") == ["bonn_0_1", "ulm_000001_000019", "aachen_000000_000019"]

    def test_label_maps_do_without_images(self, cityscapes, refused):
        (cityscapes / "leftImg8bit").rename(cityscapes / "elsewhere")
        data = Cityscapes(root=str(cityscapes))
        item = data.items("val")[0]
        assert data.label(item).shape == (1, 35)
        assert refused(lambda: data.image(item)).hint == "images lie in `leftImg8bit`, beside `gtFine`"

    def test_an_image_without_a_label_map_is_named(self, cityscapes, save, refused):
        save("leftImg8bit/val/bonn/bonn_0_2_leftImg8bit.png", np.zeros((1, 35, 3)), "RGB")
        error = refused(lambda: Cityscapes(root=str(cityscapes)).items("val"))
        assert str(error) == f"{cityscapes / 'leftImg8bit' / 'val'}: `bonn_0_2` has no label map"

    def test_a_folder_without_label_maps_says_what_they_are_called(self, cityscapes, refused):
        for path in list((cityscapes / "gtFine" / "val").rglob("*.png")):
            path.unlink()
        error = refused(lambda: Cityscapes(root=str(cityscapes)).items("val"))
        assert str(error) == f"{cityscapes / 'gtFine' / 'val'}: there are no label maps in this folder"
        assert error.hint == "they are called `<folder>/<name>_gtFine_labelIds.png`"

    def test_a_frame_in_two_cities_is_told(self, cityscapes, save, refused):
        save("gtFine/val/ulm/bonn_0_1_gtFine_labelIds.png", [[7]], "L")
        assert "is there twice" in refused(lambda: Cityscapes(root=str(cityscapes)).items("val")).message


@pytest.fixture
def ade(save, tmp_path):
    for split in ("training", "validation"):
        for stem in ("ADE_1", "ADE_2"):
            save(f"annotations/{split}/{stem}_{split}.png", [[0, 1, 2, 150]], "L")
            save(f"images/{split}/{stem}_{split}.jpg", np.zeros((1, 4, 3)), "RGB")
    return tmp_path


class TestAde20k:
    def test_zero_is_ignored_and_the_others_move_down_by_one(self, ade):
        data = Ade20k(root=str(ade))
        assert (len(data.classes), data.ignore) == (150, 255)
        assert data.label(data.items("validation")[0]).tolist() == [[255, 0, 1, 149]]
        assert (data.classes[0], data.classes[1], data.classes[149]) == ("wall", "building", "flag")
        assert data.palette[[0, 1, 149]].tolist() == [[120, 120, 120], [180, 120, 120], [92, 0, 255]]

    def test_151_is_told_as_it_stands_in_the_file(self, ade, save, refused):
        path = save("annotations/training/ADE_1_training.png", [[1, 151]], "L")
        data = Ade20k(root=str(ade))
        error = refused(lambda: data.label(data.items("training")[0]))
        assert str(error).startswith(f"{path}: value 151 at row 0, column 1, but there are 150 classes")

    def test_the_folder_above_will_do(self, ade, tmp_path_factory):
        root = tmp_path_factory.mktemp("above")
        (root / "ADEChallengeData2016").symlink_to(ade)
        assert names(Ade20k(root=str(root)), "validation") == ["ADE_1_validation", "ADE_2_validation"]

    def test_images_and_labels_that_do_not_match_are_named(self, ade, refused):
        (ade / "images/training/ADE_2_training.jpg").unlink()
        error = refused(lambda: Ade20k(root=str(ade)).items("training"))
        assert str(error) == f"{ade / 'images/training'}: `ADE_2_training` has no image"

    def test_a_grey_image_is_three_channels(self, ade):
        Image.fromarray(np.full((1, 4), 9, np.uint8)).save(ade / "images/training/ADE_1_training.jpg")
        data = Ade20k(root=str(ade))
        assert data.image(data.items("training")[0]).shape == (1, 4, 3)
