"""`data.map` in a study: it reaches the measures and the keys, and what is wrong in it has a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

STUDY = """\
name: merged
question: What do merged classes change?
fixed:
  data: {{use: shapes, images: 2, size: [32, 48]}}
  model: {{upsampler: bilinear, output_stride: 8}}
vary:
  data.map:
    all of them: {{}}
    vehicles: {first}
    numbered: {second}
measure: [oracle]
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.chdir(tmp_path)

    def write(first: str, second: str = "{8: 4}") -> Path:
        Path("merged.yaml").write_text(STUDY.format(first=first, second=second))
        return Path("merged.yaml")

    return write


def test_each_map_is_a_cell_of_its_own_and_is_scored_on_its_classes(
    study: Callable, segablate: Callable
) -> None:
    path = study("{car: vehicle, pedestrian: vehicle, sky: null}")
    said = segablate("run", path, "--json")
    assert said.code == 0, said.err
    lines = Path("runs/reports/merged/data/outcomes.jsonl").read_text().splitlines()
    outcomes = [json.loads(line)["outcome"] for line in lines]
    assert len({outcome["key"] for outcome in outcomes}) == 3
    assert [outcome["facts"]["class_names"] for outcome in outcomes] == [
        ["sky", "building", "fence", "pavement", "road", "tree", "pole", "sign", "car", "pedestrian"],
        ["building", "fence", "pavement", "road", "tree", "pole", "sign", "vehicle"],
        ["sky", "building", "fence", "pavement", "road", "tree", "pole", "sign", "pedestrian"],
    ]


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("{carr: vehicle}", "there is no class `carr`", "did you mean `car`?"),
        ("{car: 40}", "there is no class 40: they are 0 to 9", ""),
        ("{'*': null}", "`map` leaves no class", ""),
        ("[car]", "`map` is `['car']`, but must say what classes become", "write `map: {class: another"),
    ],
)
def test_what_is_wrong_has_a_line(
    study: Callable, segablate: Callable, given: str, message: str, hint: str
) -> None:
    said = segablate("plan", study(given))
    assert said.code == 2
    assert said.err.startswith(f"error: merged.yaml:9: {message}")
    assert hint in said.err
