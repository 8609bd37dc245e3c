"""Which files make up a data set, and what is told where they do not fit together."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest

from segablate.datasets.camvid import CamVid
from segablate.datasets.folder import Folder
from segablate.datasets.voc import CLASSES, Voc
from segablate.errors import SegablateError


def names(data, split="all"):
    return [item.name for item in data.items(split)]


class TestFolder:
    def test_its_one_split_is_all_label_maps_by_name(self, save, tmp_path):
        for name in ("b.png", "a.tif", "c.bmp"):
            save(name, [[0, 1]])
        (tmp_path / "notes.txt").write_text("not a picture")
        (tmp_path / ".hidden.png").write_text("nor this")
        data = Folder(classes=2, root=str(tmp_path))
        assert names(data) == ["a", "b", "c"]
        assert [data.label(item).tolist() for item in data.items("all")] == [[[0, 1]]] * 3
        assert data.items("all")[0].image is None
        assert (data.splits, data.default_fit, data.default_score) == (("all",), "all", "all")

    def test_names_with_spaces_accents_dots_and_capitals_are_read(self, save, tmp_path):
        for name in ("zwei Worte.png", "été.PNG", "路.Tif", "v1.2.tiff"):
            save(f"labels/{name}", [[1]])
        data = Folder(classes=2, root=str(tmp_path), labels="labels")
        assert sorted(names(data)) == sorted(["zwei Worte", "été", "路", "v1.2"])
        assert all(data.label(item).tolist() == [[1]] for item in data.items("all"))

    def test_images_are_matched_by_stem_whatever_their_format(self, save, tmp_path):
        for stem, suffix in (("a", "jpg"), ("b", "JPEG"), ("c", "webp"), ("d", "tif"), ("e", "PNG")):
            save(f"y/{stem}.png", np.zeros((2, 3)))
            save(f"x/{stem}.{suffix}", np.zeros((2, 3, 3)), "RGB")
        data = Folder(classes=2, root=str(tmp_path), labels="y", images="x")
        assert names(data) == list("abcde")
        assert all(data.image(item).shape == (2, 3, 3) for item in data.items("all"))

    def test_a_name_composed_on_one_system_matches_one_decomposed_on_another(self, save, tmp_path):
        save(f"y/{unicodedata.normalize('NFC', 'été')}.png", [[0]])
        save(f"x/{unicodedata.normalize('NFD', 'été')}.png", np.zeros((1, 1, 3)), "RGB")
        data = Folder(classes=2, root=str(tmp_path), labels="y", images="x")
        assert data.image(data.items("all")[0]).shape == (1, 1, 3)

    def test_images_and_labels_that_do_not_match_are_named(self, save, tmp_path, refused):
        for stem in ("a", "b", "c"):
            save(f"y/{stem}.png", [[0]])
        for stem in ("b", *(f"n{index}" for index in range(7))):
            save(f"x/{stem}.png", np.zeros((1, 1, 3)), "RGB")
        data = Folder(classes=2, root=str(tmp_path), labels="y", images="x")
        error = refused(lambda: data.items("all"))
        assert str(error) == (
            f"{tmp_path / 'x'}: `a`, `c` have no image; "
            "`n0`, `n1`, `n2`, `n3`, `n4` and 2 more have no label map"
        )

    def test_two_files_of_one_stem_are_both_named(self, save, tmp_path, refused):
        save("a.png", [[0]])
        save("a.tif", [[0]])
        error = refused(lambda: Folder(classes=2, root=str(tmp_path)).items("all"))
        assert str(error) == f"{tmp_path}: `a.png` and `a.tif` have the same stem"

    def test_an_empty_folder_is_told(self, tmp_path, refused):
        error = refused(lambda: Folder(classes=2, root=str(tmp_path)).items("all"))
        assert str(error) == f"{tmp_path}: there are no label maps in this folder"
        assert "`.png`" in error.hint

    def test_a_folder_of_folders_shows_them(self, save, tmp_path, refused):
        save("train/a.png", [[0]])
        error = refused(lambda: Folder(classes=2, root=str(tmp_path)).items("all"))
        assert error.hint == "folders are not searched, and here are `train`"

    def test_a_missing_folder_is_told(self, tmp_path, refused):
        error = refused(lambda: Folder(classes=2, root=str(tmp_path / "no")))
        assert (error.where, error.message, error.field) == (
            str(tmp_path / "no"), "there is no such folder", "root",
        )  # fmt: skip

    def test_a_missing_subfolder_is_told(self, tmp_path, refused):
        error = refused(lambda: Folder(classes=2, root=str(tmp_path), labels="y"))
        assert str(error) == f"{tmp_path}: data set `folder` needs `y` here, and there is none"

    def test_a_file_in_place_of_the_folder_is_told(self, save, tmp_path, refused):
        path = save("a.png", [[0]])
        assert "no such folder" in refused(lambda: Folder(classes=2, root=str(path))).message

    def test_classes_may_have_names(self, save, tmp_path):
        save("a.png", [[0]])
        assert Folder(classes=("road", "sky"), root=str(tmp_path)).classes == ("road", "sky")
        data = Folder(classes=3, root=str(tmp_path))
        assert data.classes == ("0", "1", "2")
        assert data.palette.shape == (3, 3)

    @pytest.mark.parametrize(
        ("settings", "field"),
        [
            ({"classes": 0}, "classes"), ({"classes": -1}, "classes"), ({"classes": ()}, "classes"),
            ({"classes": ("a", "a")}, "classes"), ({"classes": 70000}, "classes"),
            ({"classes": 2, "ignore": -1}, "ignore"), ({"classes": 2, "ignore": 65536}, "ignore"),
            ({"classes": 2, "values": {-1: 0}}, "values"), ({"classes": 2, "values": {0: 65536}}, "values"),
        ],
    )  # fmt: skip
    def test_settings_out_of_range_are_named(self, tmp_path, refused, settings, field):
        assert refused(lambda: Folder(root=str(tmp_path), **settings)).field == field

    def test_values_may_stand_for_classes(self, save, tmp_path):
        save("a.png", [[7, 8, 0], [33, 255, 7]])
        data = Folder(classes=2, root=str(tmp_path), values={7: 0, 8: 1, 0: 255, 33: 255})
        assert data.label(data.items("all")[0]).tolist() == [[0, 1, 255], [255, 255, 0]]

    def test_what_values_stand_for_may_be_written_in_a_study(self, save, tmp_path):
        from segablate.datasets.base import datasets

        save("a.png", [[7]])
        settings = {"classes": 2, "root": str(tmp_path), "values": {7: 1}}
        part, full = datasets.resolve({"use": "folder", **settings})
        data = part.build({}, full)
        assert data.label(data.items("all")[0]).tolist() == [[1]]

    def test_without_root_it_is_looked_for_below_the_data_folder(self, save, tmp_path, monkeypatch):
        save("folder/a.png", [[0]])
        monkeypatch.setenv("SEGABLATE_DATA", str(tmp_path))
        assert names(Folder(classes=2)) == ["a"]


class TestLists:
    @pytest.fixture
    def data(self, save, tmp_path):
        for stem in ("a", "b b", "ç"):
            save(f"y/{stem}.png", [[0]])
        return Folder(classes=2, root=str(tmp_path), labels="y")

    def test_a_list_file_is_a_split_in_its_own_order(self, data, tmp_path):
        path = tmp_path / "some.txt"
        path.write_text("\ufeffç\n\n  b b  \r\n", encoding="utf-8")
        assert names(data, str(path)) == ["ç", "b b"]

    def test_its_path_may_begin_at_the_data_sets_folder(self, data, tmp_path):
        (tmp_path / "some.txt").write_text("a\n")
        assert names(data, "some.txt") == ["a"]

    def test_it_may_name_files(self, data, tmp_path):
        (tmp_path / "some.txt").write_text("a.png\ny/b b.png\n")
        assert names(data, "some.txt") == ["a", "b b"]

    @pytest.mark.parametrize(
        ("content", "line", "message"),
        [
            (b"a\nzz\n", ":2", "there is no label map `zz`"),
            (b"a\nb b\na\n", ":3", "`a` is listed twice, first in line 1"),
            (b"a\na.png\n", ":2", "`a` is listed twice"),
            (b"", "", "this list is empty"),
            (b"\n \n", "", "this list is empty"),
            (b"\xff\xfe\x00a", "", "this list is not UTF-8 text"),
        ],
    )
    def test_what_is_wrong_in_it_is_told_with_its_line(self, data, tmp_path, refused, content, line, message):
        path = tmp_path / "some.txt"
        path.write_bytes(content)
        error = refused(lambda: data.items(str(path)))
        assert error.where == f"{path}{line}"
        assert message in error.message

    @pytest.mark.parametrize("split", ["none.txt", "lists/none"])
    def test_a_missing_list_is_told(self, data, refused, split):
        assert str(refused(lambda: data.items(split))) == f"{split}: there is no such list file"

    def test_an_unknown_split_is_told_with_the_nearest(self, data, refused):
        error = refused(lambda: data.items("al"))
        assert error.message == "there is no split `al`"
        assert error.hint == "did you mean `all`?"


@pytest.fixture
def voc(save, tmp_path):
    for stem in ("2007_000001", "2007_000002", "2008_000003"):
        save(f"SegmentationClassAug/{stem}.png", [[0, 20], [255, 15]])
    lists = tmp_path / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train_aug.txt").write_text("2008_000003\n2007_000001\n")
    (lists / "val.txt").write_text("2007_000002\n")
    return tmp_path


class TestVoc:
    def test_its_splits_are_its_lists(self, voc):
        data = Voc(root=str(voc))
        assert data.splits == ("train_aug", "val")
        assert names(data, "train_aug") == ["2008_000003", "2007_000001"]
        assert data.label(data.items("val")[0]).tolist() == [[0, 20], [255, 15]]

    def test_it_has_21_classes_in_vocs_colours(self, voc):
        data = Voc(root=str(voc))
        assert len(data.classes) == len(CLASSES) == 21
        assert data.ignore == 255
        # the first colours of the development kit's table, and the last
        assert data.palette[:3].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
        assert data.palette[20].tolist() == [0, 64, 128]

    def test_what_to_fit_on_follows_the_label_maps(self, voc):
        (voc / "SegmentationClass").mkdir()
        assert Voc(root=str(voc)).default_fit == "train_aug"
        assert Voc(root=str(voc), labels="SegmentationClass").default_fit == "train"
        assert Voc(root=str(voc)).default_score == "val"

    def test_images_are_missed_only_when_asked_for(self, voc, refused):
        data = Voc(root=str(voc))
        item = data.items("val")[0]
        assert str(refused(lambda: data.image(item))) == (
            f"{voc / 'JPEGImages' / '2007_000002.jpg'}: there is no such file"
        )

    @pytest.mark.parametrize("above", ["VOCdevkit/VOC2012", "VOC2012"])
    def test_the_folder_above_will_do(self, voc, tmp_path_factory, above):
        root = tmp_path_factory.mktemp("above")
        (root / above).parent.mkdir(parents=True, exist_ok=True)
        (root / above).symlink_to(voc)
        assert names(Voc(root=str(root)), "val") == ["2007_000002"]

    @pytest.mark.parametrize("name", ["voc2012", "VOCdevkit/VOC2012", "voc"])
    def test_the_data_folder_may_call_it_otherwise(self, voc, tmp_path_factory, monkeypatch, name):
        root = tmp_path_factory.mktemp("data")
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(voc)
        monkeypatch.setenv("SEGABLATE_DATA", str(root))
        assert names(Voc(), "val") == ["2007_000002"]

    def test_nowhere_is_told_with_the_layout_and_the_source(self, monkeypatch, refused):
        monkeypatch.delenv("SEGABLATE_DATA", raising=False)
        error = refused(Voc)
        assert (
            error.message
            == "data set `voc` is nowhere: `data.root` is not said and `$SEGABLATE_DATA` is not set"
        )
        assert "`ImageSets/Segmentation`" in error.hint
        assert "host.robots.ox.ac.uk" in error.hint
        assert error.field == "root"

    def test_another_layout_is_told(self, tmp_path, refused):
        error = refused(lambda: Voc(root=str(tmp_path)))
        assert (
            str(error) == f"{tmp_path}: data set `voc` needs `ImageSets/Segmentation` here, and there is none"
        )

    def test_the_other_label_maps_are_suggested_where_only_they_are_there(self, voc, refused):
        error = refused(lambda: Voc(root=str(voc), labels="SegmentationClass"))
        assert error.field == "labels"
        assert error.hint == "there is `SegmentationClassAug`: say `labels: SegmentationClassAug`"

    def test_a_list_that_names_a_missing_file_is_told_with_its_line(self, voc, refused):
        path = voc / "ImageSets" / "Segmentation" / "val.txt"
        path.write_text("2007_000002\n2009_000009\n")
        error = refused(lambda: Voc(root=str(voc)).items("val"))
        assert str(error) == f"{path}:2: there is no label map `2009_000009`"
        assert str(voc / "SegmentationClassAug") in error.hint

    def test_lists_with_paths_as_deeplab_has_them_are_read(self, voc):
        (voc / "ImageSets/Segmentation/train.txt").write_text(
            "/JPEGImages/2007_000001.jpg /SegmentationClassAug/2007_000001.png\n"
        )
        assert names(Voc(root=str(voc)), "train") == ["2007_000001"]

    def test_a_foreign_value_points_to_folder(self, voc, save, refused):
        save("SegmentationClassAug/2007_000002.png", [[21]])
        data = Voc(root=str(voc))
        error = refused(lambda: data.label(data.items("val")[0]))
        assert (
            error.hint == "are these its label maps? `data: {use: folder, classes: 22, …}` reads any others"
        )


@pytest.fixture
def camvid(save, tmp_path):
    for split, stems in (("train", "ab"), ("val", "c"), ("test", "de")):
        for stem in stems:
            save(f"{split}annot/{stem}.png", [[0, 10, 11]], "L")
            save(f"{split}/{stem}.jpg", np.zeros((1, 3, 3)), "RGB")
    return tmp_path


class TestCamVid:
    def test_splits_are_folders(self, camvid):
        data = CamVid(root=str(camvid))
        assert [names(data, split) for split in data.splits] == [["a", "b"], ["c"], ["d", "e"]]
        item = data.items("test")[1]
        assert data.label(item).tolist() == [[0, 10, 11]]
        assert data.image(item).shape == (1, 3, 3)

    def test_void_is_no_class(self, camvid):
        data = CamVid(root=str(camvid))
        assert (len(data.classes), data.ignore, data.palette.shape) == (11, 11, (11, 3))
        assert data.classes[2] == "pole"
        assert (data.default_fit, data.default_score) == ("train", "test")

    def test_images_and_labels_that_do_not_match_are_named(self, camvid, refused):
        (camvid / "val" / "c.jpg").rename(camvid / "val" / "x.jpg")
        error = refused(lambda: CamVid(root=str(camvid)).items("val"))
        assert str(error) == f"{camvid / 'val'}: `c` has no image; `x` has no label map"

    def test_label_maps_do_without_images(self, camvid, refused):
        for path in (camvid / "val").iterdir():
            path.unlink()
        (camvid / "val").rmdir()
        data = CamVid(root=str(camvid))
        assert data.label(data.items("val")[0]).shape == (1, 3)
        assert refused(lambda: data.image(data.items("val")[0])).message == "`c` has no image"

    def test_a_list_may_join_splits(self, camvid):
        (camvid / "trainval.txt").write_text("c\na\n")
        data = CamVid(root=str(camvid))
        assert names(data, "trainval.txt") == ["c", "a"]
        assert data.image(data.items("trainval.txt")[0]).shape == (1, 3, 3)

    def test_a_missing_split_is_told(self, camvid, refused):
        for path in (camvid / "valannot").iterdir():
            path.unlink()
        (camvid / "valannot").rmdir()
        error = refused(lambda: CamVid(root=str(camvid)).items("val"))
        assert str(error) == f"{camvid / 'valannot'}: there is no such folder"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path):
    (tmp_path / "y").mkdir(mode=0)
    with pytest.raises(SegablateError, match="cannot be read: Permission denied"):
        Folder(classes=2, root=str(tmp_path), labels="y").items("all")
