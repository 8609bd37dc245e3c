"""`show DATA --picture FILE` draws one decoded example, and says what is wrong with the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.datasets.shapes import Shapes

SHAPES = ("show", "shapes", "--set", "size=[160, 200]", "--set", "images=3")


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two label maps of two classes and 10×20 pixels, the images of which are grey."""
    for stem in "ab":
        labels = np.zeros((10, 20), np.uint8)
        labels[:, 15:] = 1
        labels[0] = 255
        for sub, values in (("labels", labels), ("images", np.full((10, 20, 3), 100, np.uint8))):
            (tmp_path / sub).mkdir(exist_ok=True)
            Image.fromarray(values).save(tmp_path / sub / f"{stem}.png")
    return tmp_path


@pytest.fixture
def show(segablate: Callable, folder: Path) -> Callable:
    settings = (f"root={folder}", "labels=labels", "images=images", "classes=[road, sky]")
    given = [word for setting in settings for word in ("--set", setting)]
    return lambda *more: segablate("show", "folder", "--picture", folder / "out.png", *given, *more)


def test_it_holds_image_label_map_and_overlay_side_by_side(segablate: Callable, tmp_path: Path) -> None:
    said = segablate(*SHAPES, "--picture", tmp_path / "out.png", "--split", "test", "--index", 2)
    assert said.code == 0
    assert said.err == f"{tmp_path / 'out.png'}: `test-00002`, example 2 of 3 in `test`, 160×200\n"
    assert said.out.startswith("dataset `shapes`")
    drawn = read(tmp_path / "out.png")
    data = Shapes(images=3, size=(160, 200))
    item = data.items("test")[2]
    image, label = data.image(item), data.label(item)
    scored = label != data.ignore
    assert drawn.shape[1] == 3 * 200 + 2 * 8
    assert (drawn[:160, :200] == image).all()
    assert (drawn[:160, 208:408][scored] == data.palette[label[scored]]).all()
    assert (drawn[:160, 208:408][~scored] == 255).all()
    overlay = drawn[:160, 416:].astype(int)
    assert (overlay[~scored] == image[~scored]).all()
    assert (overlay[scored] == (image[scored].astype(int) + data.palette[label[scored]]) // 2).all()


def test_its_legend_shows_the_colour_of_each_class_that_occurs(segablate: Callable, tmp_path: Path) -> None:
    said = segablate(*SHAPES, "--picture", tmp_path / "out.png", "--json")
    shares = said.document["picture"]["shares"]
    assert sum(shares.values()) == pytest.approx(1)
    legend = {tuple(colour) for colour in read(tmp_path / "out.png")[168:].reshape(-1, 3).tolist()}
    colours = dict(zip(Shapes.classes, Shapes().palette.tolist(), strict=True))
    swatches = {name for name, colour in colours.items() if tuple(colour) in legend}
    assert swatches == set(shares) - {"ignored"}


def test_a_small_picture_is_drawn_larger_and_a_large_one_smaller(show: Callable, folder: Path) -> None:
    assert show().code == 0
    assert read(folder / "out.png").shape[1] == 3 * 160 + 2 * 8
    for sub in ("images", "labels"):
        Image.open(folder / sub / "a.png").resize((2000, 1000), 0).save(folder / sub / "a.png")
    assert show().code == 0
    assert read(folder / "out.png").shape[1] == 3 * 640 + 2 * 8


def test_settings_and_map_are_given_as_in_a_study(show: Callable) -> None:
    shares = show("--json", "--set", "data.map.sky=road").document["picture"]["shares"]
    assert shares == {"road": pytest.approx(0.9), "ignored": pytest.approx(0.1)}
    assert "did you mean `sky`?" in show("--set", "map.ski=null").err


def test_without_a_picture_nothing_is_read(segablate: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGABLATE_DATA", raising=False)
    assert segablate("show", "cityscapes").code == 0
    said = segablate("show", "cityscapes", "--split", "val")
    assert (said.code, said.err) == (
        2, "error: `--split`, `--index` and `--set` are about a picture, and none is asked for\n",
    )  # fmt: skip


def test_only_data_sets_have_pictures(segablate: Callable, tmp_path: Path) -> None:
    said = segablate("show", "bilinear", "--picture", tmp_path / "out.png")
    assert said.code == 2
    assert "`bilinear` is of kind `upsampler`" in said.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--index", 2), "--index: there is no example 2: `all` has 2 examples, the first is 0"),
        (("--index", -1), "there is no example -1"),
        (("--split", "al"), "there is no split `al`"),
        (("--set", "classes"), "--set classes: this has no `=`"),
        (("--set", "clases=3"), "did you mean `classes`?"),
        (("--set", "classes=1"), "value 1 at row 1, column 15, but there are 1 classes"),
    ],
)
def test_what_is_wrong_is_told(show: Callable, more: tuple[object, ...], told: str) -> None:
    said = show(*more)
    assert said.code == 2
    assert told in said.err


def test_label_maps_without_images_are_drawn_alone(show: Callable, folder: Path) -> None:
    said = show("--set", "images=null")
    assert (said.code, said.err) == (
        0,
        f"{folder / 'out.png'}: `a`, example 0 of 2 in `all`, 10×20, which has no image\n",
    )
    drawn = read(folder / "out.png")
    assert drawn.shape[1] == 160  # one panel, eight times as large
    assert (drawn[:8] == 255).all()
    assert len(np.unique(drawn[8:80].reshape(-1, 3), axis=0)) == 2
    assert show("--set", "images=null", "--json").document["picture"]["image"] is False


def test_an_image_of_another_size_is_told_with_its_file(show: Callable, folder: Path) -> None:
    Image.new("RGB", (9, 9)).save(folder / "images/a.png")
    said = show()
    assert said.code == 2
    assert said.err.startswith(
        f"error: {folder / 'images/a.png'}: the image is 9×9, its label map `a.png` 10×20"
    )
    assert not (folder / "out.png").exists()


def test_a_list_that_names_a_missing_image_is_told_with_file_and_line(show: Callable, folder: Path) -> None:
    (folder / "some.txt").write_text("b\nc\n")
    said = show("--split", folder / "some.txt")
    assert said.code == 2
    assert said.err.startswith(f"error: {folder / 'some.txt'}:2: there is no label map `c`")


def test_a_name_that_is_no_picture_or_no_place_is_told(segablate: Callable, tmp_path: Path) -> None:
    said = segablate(*SHAPES, "--picture", tmp_path / "out.txt")
    assert (said.code, "it ends in `.png`" in said.err) == (2, True)
    said = segablate(*SHAPES, "--picture", tmp_path / "no" / "out.png")
    assert said.code == 2
    assert said.err == f"error: {tmp_path / 'no' / 'out.png'}: cannot be written: no such file or directory\n"
