"""Pictures are decoded once: what is kept is whole, is what was decoded, and survives whoever dies."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from segablate.datasets import decoded as module
from segablate.datasets import fingerprints
from segablate.datasets.decoded import decoded
from segablate.datasets.folder import Folder
from segablate.datasets.mapped import Mapped
from segablate.datasets.pack import Pack, write_pack
from segablate.datasets.shapes import Shapes

SIZES = ((4, 6), (5, 3), (1, 1), (64, 64))


@pytest.fixture
def folder(save, tmp_path, monkeypatch):
    """A data set of pictures of several sizes, made anew with fingerprints taken anew."""
    random = np.random.default_rng(0)
    for index, size in enumerate(SIZES):
        save(f"y/{index}.png", random.choice([0, 1, 2, 7], size))
        save(f"x/{index}.png", random.integers(0, 256, (*size, 3)), "RGB")

    def make(**settings):
        monkeypatch.setattr(fingerprints, "_known", {})
        about = {"classes": 3, "ignore": 7, "root": str(tmp_path), "labels": "y", "images": "x"}
        return Folder(**{**about, **settings})

    return make


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


def packs(kept):
    return sorted(path.name for path in kept.iterdir() if not path.name.startswith("."))


def test_sizes_may_differ_and_every_picture_is_what_its_file_holds(folder, kept):
    data = folder()
    found = decoded(data, "all", kept)
    assert (len(found), found.classes, found.ignore) == (4, 3, 255)
    for index, item in enumerate(data.items("all")):
        assert found.name(index) == item.name
        assert found.size(index) == SIZES[index]
        label = data.label(item)
        assert found.label(index).tolist() == np.where(label == 7, 255, label).tolist()
        assert found.image(index).tolist() == data.image(item).tolist()


def test_what_it_gives_are_views_that_cannot_be_written_to(folder, kept):
    found = decoded(folder(), "all", kept)
    for array in (found.image(3), found.label(3)):
        assert array.dtype == np.uint8
        assert array.flags.c_contiguous
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


def test_every_picture_begins_at_a_cache_line(folder, kept):
    found = decoded(folder(), "all", kept)
    for index in range(len(found)):
        assert found.image(index).ctypes.data % 64 == found.label(index).ctypes.data % 64 == 0


def test_the_second_time_nothing_is_decoded(folder, kept, monkeypatch):
    first = decoded(folder(), "all", kept)
    data = folder()
    monkeypatch.setattr(data, "label", None)
    monkeypatch.setattr(data, "image", None)
    again = decoded(data, "all", kept)
    assert again.image(3).tolist() == first.image(3).tolist()


def test_other_files_are_other_packs(folder, kept, save):
    decoded(folder(), "all", kept)
    save("y/1.png", np.zeros((5, 3)))
    assert decoded(folder(), "all", kept).label(1).max() == 0
    assert len(packs(kept)) == 3  # the images are the same
    save("x/1.png", np.zeros((5, 3, 3)), "RGB")
    assert decoded(folder(), "all", kept).image(1).max() == 0
    assert len(packs(kept)) == 4


def test_the_same_files_read_in_another_way_are_other_label_maps(folder, kept):
    plain = decoded(folder(), "all", kept)
    ways = [{"classes": 8}, {"ignore": 2, "classes": 8}, {"values": {2: 0}}]
    others = [decoded(folder(**way), "all", kept) for way in ways]
    assert len(packs(kept)) == 5
    assert {2, 255} <= set(plain.label(3).ravel().tolist())
    assert 7 not in plain.label(3)
    assert (others[1].label(3) == 255).sum() == (plain.label(3) == 2).sum()
    assert 2 not in others[2].label(3)


def test_data_sets_that_differ_in_their_map_share_the_images(folder, kept):
    plain, merged = folder(), Mapped(folder(), {"1": None})
    decoded(plain, "all", kept)
    assert (decoded(merged, "all", kept).label(3) == 255).sum() > (
        decoded(plain, "all", kept).label(3) == 255
    ).sum()
    assert [name.partition("-")[0] for name in packs(kept)] == ["images", "labels", "labels"]


def test_a_generated_set_is_drawn_once(kept, monkeypatch):
    data = Shapes(images=2, size=(16, 24))
    first = decoded(data, "val", kept)
    monkeypatch.setattr(Shapes, "_generate", None)
    again = decoded(Shapes(images=2, size=(16, 24)), "val", kept)
    assert again.image(1).tolist() == first.image(1).tolist()


def test_a_data_set_with_one_image_will_do(folder, kept, tmp_path):
    (tmp_path / "one.txt").write_text("2\n")
    found = decoded(folder(), "one.txt", kept)
    assert (len(found), found.name(0), found.image(0).shape) == (1, "2", (1, 1, 3))


def test_progress_is_told_picture_by_picture(folder, kept):
    done = []
    decoded(folder(), "all", kept, tick=done.append)
    assert sum(done) == 2 * len(SIZES)


def test_another_process_may_be_handed_it(folder, kept):
    found = decoded(folder(), "all", kept)
    handed = pickle.dumps(found)
    assert len(handed) < 2000  # the path, not the pictures
    assert pickle.loads(handed).image(3).tolist() == found.image(3).tolist()


class TestBadInput:
    def test_an_image_of_another_size_than_its_label_map(self, folder, kept, save, refused):
        path = save("x/1.png", np.zeros((3, 5, 3)), "RGB")
        error = refused(lambda: decoded(folder(), "all", kept))
        assert str(error) == f"{path}: the image is 3×5, its label map `1.png` 5×3 (height × width)"
        assert packs(kept) == []

    def test_a_data_set_that_does_not_look_at_sizes_is_still_found_out(self, kept, monkeypatch, refused):
        data = Shapes(images=2, size=(16, 24))
        monkeypatch.setattr(data, "label", lambda item: np.zeros((16, 23), np.uint8))
        error = refused(lambda: decoded(data, "val", kept))
        assert error.message == "the image of `val-00000` is 16×24, its label map 16×23"

    def test_a_label_that_is_no_class(self, folder, kept, save, refused):
        path = save("y/3.png", np.full((64, 64), 5))
        assert str(refused(lambda: decoded(folder(), "all", kept))).startswith(f"{path}: value 5 at row 0")
        assert [name.partition("-")[0] for name in packs(kept)] == ["images"]

    def test_a_damaged_image(self, folder, kept, tmp_path, refused):
        path = tmp_path / "x/3.png"
        path.write_bytes(path.read_bytes()[:100])
        error = refused(lambda: decoded(folder(), "all", kept))
        assert error.where == str(path)
        assert "damaged" in error.message

    def test_no_images(self, folder, kept, refused):
        error = refused(lambda: decoded(folder(images=None), "all", kept))
        assert error.hint == "say where they lie with `data.images`"

    def test_more_classes_than_eight_bits_hold(self, folder, kept, refused):
        error = refused(lambda: decoded(folder(classes=256), "all", kept))
        assert error.message == "256 classes: decoded label maps hold at most 255"
        assert decoded(folder(classes=255), "all", kept).classes == 255

    def test_a_folder_that_cannot_be_made(self, folder, tmp_path, refused):
        (tmp_path / "file").touch()
        error = refused(lambda: decoded(folder(), "all", tmp_path / "file"))
        assert str(error) == f"{tmp_path / 'file'}: decoded pictures cannot be kept here: file exists"

    def test_a_full_disk(self, folder, kept, monkeypatch, refused):
        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        error = refused(lambda: decoded(folder(), "all", kept))
        assert error.message == "decoded pictures cannot be kept here: no space left on device"
        assert packs(kept) == []
        assert not list(kept.glob(".*.tmp"))


class TestTrust:
    @pytest.mark.parametrize("damage", [b"", b"hello", "half", "longer", "index"])
    def test_a_pack_that_is_not_whole_is_set_aside_and_made_again(self, folder, kept, damage):
        first = decoded(folder(), "all", kept).image(3).tolist()
        path = next(kept.glob("images-*.pack"))
        whole = path.read_bytes()
        index = whole.index(b"PK")
        broken = {
            "half": whole[: len(whole) // 2], "longer": whole + b"\0",
            "index": whole[: index + 40] + bytes([whole[index + 40] ^ 1]) + whole[index + 41 :],
        }.get(damage, damage)  # fmt: skip
        path.unlink()  # the pages of the old file stay mapped
        path.write_bytes(broken)
        assert decoded(folder(), "all", kept).image(3).tolist() == first
        assert path.read_bytes() == whole
        assert path.with_name(f"{path.name}.broken-1").read_bytes() == broken

    def test_a_flipped_bit_in_a_picture_is_found_when_it_is_read_and_the_pack_made_again(
        self, folder, kept, refused
    ):
        first = decoded(folder(), "all", kept).image(3).tolist()
        path = next(kept.glob("images-*.pack"))
        content = bytearray(path.read_bytes())
        content[content.index(bytes(first[0][0])) + 1] ^= 1
        path.unlink()  # the pages of the old file stay mapped
        path.write_bytes(content)
        found = decoded(folder(), "all", kept)
        assert found.image(0).shape == (4, 6, 3)  # the others are as they were
        error = refused(lambda: found.image(3))
        assert str(error) == (f"{path}: `3` is not what was written; it is kept as `{path.name}.broken-1`")
        assert decoded(folder(), "all", kept).image(3).tolist() == first

    def test_a_pack_that_another_process_has_made_again_is_not_set_aside(self, folder, kept, refused):
        decoded(folder(), "all", kept)
        path = next(kept.glob("images-*.pack"))
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole[:64] + bytes([whole[64] ^ 1]) + whole[65:])
        found = decoded(folder(), "all", kept)
        path.unlink()
        path.write_bytes(whole)
        assert refused(lambda: found.image(0)).message == "`0` is not what was written"
        assert path.read_bytes() == whole

    def test_the_same_pictures_are_the_same_bytes(self, tmp_path):
        arrays = [np.arange(12, dtype=np.uint8).reshape(3, 4), np.zeros((1, 1), np.uint8)]
        for name in ("a", "b"):
            write_pack(tmp_path / name, ["one", "zwei"], arrays)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        pack = Pack(tmp_path / "a")
        assert (pack.names, len(pack)) == (("one", "zwei"), 2)
        assert [pack[index].tolist() for index in range(2)] == [array.tolist() for array in arrays]

    def test_what_fails_half_way_leaves_nothing(self, tmp_path):
        def arrays():
            yield np.zeros((3, 4), np.uint8)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_pack(tmp_path / "a", ["one", "two"], arrays())
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_pack_is_told(self, tmp_path, refused):
        assert str(refused(lambda: Pack(tmp_path / "no"))) == f"{tmp_path / 'no'}: there is no such file"


BUILD = """
import sys, time
from pathlib import Path
from segablate.datasets.decoded import decoded
from segablate.datasets.shapes import Shapes

kept, log, pause = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])

class Told(Shapes):
    def image(self, item):
        with log.open("a") as file:
            print(item.name, file=file)
        time.sleep(pause)
        return super().image(item)

found = decoded(Told(images=3, size=(16, 24)), "val", kept)
print(int(found.image(2).sum()), int(found.label(2).sum()))
"""


def start(kept: Path, log: Path, pause: float) -> subprocess.Popen:
    command = [sys.executable, "-c", BUILD, str(kept), str(log), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_for(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestTwoProcesses:
    def test_two_at_once_decode_each_picture_once_between_them(self, kept, tmp_path):
        log = tmp_path / "log"
        both = [start(kept, log, 0.1) for _ in range(2)]
        said = [process.communicate(timeout=60)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert said[0] == said[1] != ""
        assert sorted(log.read_text().split()) == ["val-00000", "val-00001", "val-00002"]

    def test_a_killed_builder_leaves_nothing_trusted_and_nobody_waiting(self, kept, tmp_path):
        killed = start(kept, tmp_path / "log", 30)
        wait_for(tmp_path / "log", 1)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
        assert packs(kept) == []
        assert len(list(kept.glob(".*.tmp"))) == 1
        data = Shapes(images=3, size=(16, 24))
        found = decoded(data, "val", kept)
        assert found.image(2).tolist() == data.image(data.items("val")[2]).tolist()
        assert not list(kept.glob(".*.tmp"))

    def test_who_waited_does_not_build_again(self, folder, kept, monkeypatch):
        data = folder()

        def built_meanwhile(path):
            monkeypatch.setattr(module, "locked", plain)
            decoded(folder(), "all", kept)
            return plain(path)

        plain = module.locked
        monkeypatch.setattr(module, "locked", built_meanwhile)
        monkeypatch.setattr(data, "image", None)
        monkeypatch.setattr(data, "label", None)
        assert len(decoded(data, "all", kept)) == len(SIZES)
