"""What `oracle` hands over and what it prints; what the numbers are is tested with the measure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from PIL import Image

from segablate.cli.oracle import named
from segablate.errors import SegablateError

Asked: TypeAlias = list[tuple[Any, ...]]

ROW = {
    "upsampler": "dupsampling",
    "output_stride": 16,
    "channels": 64,
    "encode": "project",
    "miou": 0.99712,
    "pixel_accuracy": 0.9991,
    "boundary_iou": 0.981,
    "per_class_iou": {"0": 0.99},
    "images": 1449,
    "pixels": 250_000_000,
    "explained": 0.998,
    "seconds": {"decode": 1.0, "fit": 2.0, "score": 3.0},
}
LINE = ("oracle", "labels", "--classes", 21, "--stride", "16,32", "--upsampler", "bilinear, dupsampling")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the measure was asked for; it answers with two rows."""
    calls: Asked = []

    def ceilings(*arguments: Any) -> list[dict[str, Any]]:
        calls.append(arguments)
        return [ROW, {**ROW, "upsampler": "bilinear", "channels": None, "miou": float("nan")}]

    monkeypatch.setattr("segablate.app.oracle.ceilings", ceilings)
    return calls


def test_the_options_are_handed_over_as_values(segablate: Callable, asked: Asked) -> None:
    segablate(*LINE, "--channels", "16,64", "--centre", "--fit", "train.txt", "--limit", 5)
    *given, _ = asked[0]
    names, widths, fit = ["bilinear", "dupsampling"], [16, 64], Path("train.txt")
    assert given == [Path("labels"), 21, 255, [16, 32], names, widths, "project", 8, True, fit, None, 5]


def test_a_person_sees_percentages(segablate: Callable, asked: Asked) -> None:
    said = segablate(*LINE)
    assert said.code == 0
    answer, table, *_ = said.out.split("\n\n")
    assert answer == "dupsampling loses less than a point with 64 channels at 1/16."
    rows = table.splitlines()[-2:]
    assert rows[0].split() == ["dupsampling", "16", "64", "99.71", "99.91", "98.10", "1,449"]
    assert rows[1].split() == ["bilinear", "16", "–", "–", "99.91", "98.10", "1,449"]


def test_a_program_reads_fractions_under_the_names_of_the_contract(segablate: Callable, asked: Asked) -> None:
    said = segablate(*LINE, "--json")
    assert said.document == {"schema": "segablate/1", "rows": [ROW, said.document["rows"][1]]}
    assert said.document["rows"][1]["miou"] is None
    assert said.err == ""


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("data", "labels"),
        ("data.classes", "--classes"),
        ("model.upsampler", "--upsampler"),
        ("model.upsampler.channels", "--channels"),
        ("score", "--score"),
    ],
)
def test_an_error_names_the_argument_that_gave_the_value(field: str, place: str) -> None:
    with pytest.raises(SegablateError) as caught, named(Path("labels")):
        raise SegablateError("this is wrong", field=field)
    assert str(caught.value) == f"{place}: this is wrong"


def test_an_error_that_names_a_file_keeps_it() -> None:
    with pytest.raises(SegablateError) as caught, named(Path("labels")):
        raise SegablateError("this is wrong", field="data", where="labels/7.png")
    assert str(caught.value) == "labels/7.png: this is wrong"


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("say `classes: 35`, or what each value stands for with `data.values`", "pass `--classes 35`"),
        ("`data.root`, or `$SEGABLATE_DATA/folder`, is the folder of `folder`", None),
        ("take 1 to 20 channels", "take 1 to 20 channels"),
        ("train it: `encode: autoencoder`", "train it: `--encode autoencoder`"),
        ("score fewer with `limit`", "score fewer with `--limit`"),
        (None, None),
    ],
)
def test_a_hint_is_one_that_the_command_line_can_follow(hint: str | None, told: str | None) -> None:
    with pytest.raises(SegablateError) as caught, named(Path("labels")):
        raise SegablateError("this is wrong", hint=hint)
    assert caught.value.hint == told


def test_the_hint_of_a_class_too_high_is_met_for_real(segablate: Callable, tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 4, np.uint8)).save(tmp_path / "a.png")
    said = segablate("oracle", tmp_path, "--classes", 3, "--stride", 4, "--upsampler", "bilinear")
    assert said.code == 2
    assert said.err.startswith(f"error: {tmp_path / 'a.png'}: value 4 at row 0, column 0")
    assert said.err.endswith("hint: pass `--classes 5`\n")


@pytest.mark.parametrize("option", ["--stride", "--upsampler", "--channels"])
def test_an_empty_list_is_an_error_that_names_its_option(
    segablate: Callable, tmp_path: Path, option: str
) -> None:
    words = {"--stride": "4", "--upsampler": "dupsampling", "--channels": "2", option: ","}
    said = segablate("oracle", tmp_path, "--classes", 3, *[word for pair in words.items() for word in pair])
    assert (said.code, said.err) == (2, f"error: `{option}` is empty\n")


@pytest.mark.parametrize(("classes", "scored"), [(255, 60), (256, 64)])
def test_255_is_ignored_unless_it_is_a_class(
    segablate: Callable, tmp_path: Path, classes: int, scored: int
) -> None:
    label = np.zeros((8, 8), np.uint8)
    label[:2, :2] = 255
    Image.fromarray(label).save(tmp_path / "a.png")
    line = ("oracle", tmp_path, "--classes", classes, "--stride", 2, "--upsampler", "nearest")
    assert json.loads(segablate(*line, "--json").out)["rows"][0]["pixels"] == scored


def test_components_fitted_on_what_is_scored_are_told(segablate: Callable, tmp_path: Path) -> None:
    for name in "ab":
        Image.fromarray(np.eye(8, dtype=np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "a.txt").write_text("a\n")
    line = ("oracle", tmp_path, "--classes", 3, "--stride", 4, "--channels", 2, "--upsampler")
    assert "Fitted on the label maps that are scored" in segablate(*line, "dupsampling").out
    assert "Fitted on" not in segablate(*line, "dupsampling", "--fit", tmp_path / "a.txt").out
    assert "Fitted on" not in segablate(*line, "bilinear").out


def test_it_is_told_that_no_pixel_is_scored(segablate: Callable, tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(tmp_path / "a.png")
    said = segablate("oracle", tmp_path, "--classes", 3, "--stride", 4, "--upsampler", "nearest")
    assert "No pixel is scored" in said.out


def test_a_list_to_fit_on_must_be_there_though_nothing_is_fitted(segablate: Callable, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png")
    line = ("oracle", tmp_path, "--classes", 3, "--stride", 4, "--upsampler", "nearest")
    said = segablate(*line, "--fit", tmp_path / "none.txt")
    assert said.code == 2
    assert "none.txt" in said.err
