"""What a plan is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from segablate.run.cautions import cautions
from segablate.run.plan import plan
from segablate.study.load import load

STUDY = """\
name: {name}
fixed:
  data: {{use: shapes, images: 2, size: [64, 96]}}
  model.encoder: efficientnet-lite0
  recipe: {{use: quick, iterations: 2, warmup: 0, crop: [64, 64]}}
vary: {{{axis}}}
measure: [{{use: accuracy, score: {score}}}]
"""
TUNED = "recipe.rate: [0.1, 0.2]"
NOT_TUNED = "model.output_stride: [32, 16]"


def said(folder: Path, name: str, axis: str, score: str) -> list[str]:
    path = folder / f"{name}.yaml"
    path.write_text(STUDY.format(name=name, axis=axis, score=score))
    return list(cautions(plan(load(path))))


@pytest.mark.parametrize(
    ("name", "axis", "score", "begins"),
    [
        ("choose", TUNED, "val", "this study varies `recipe.rate` and scores `val`: what is chosen"),
        ("pilot-one", NOT_TUNED, "val", "this study is a pilot and scores `val`: what is chosen"),
        ("choose", TUNED, "train", None),
        ("pilot-one", NOT_TUNED, "train", None),
        ("compare", NOT_TUNED, "val", None),
    ],
)
def test_whoever_chooses_is_not_to_look_at_the_test_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, axis: str, score: str, begins: str | None
) -> None:
    # generated scenes have two splits
    monkeypatch.setattr("segablate.run.cautions.HELD_OUT", ("val",))
    found = said(tmp_path, name, axis, score)
    assert [one[: len(begins)] for one in found] == [begins] if begins else found == []
