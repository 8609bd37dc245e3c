"""`--set key=value`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.study.fields import lookup, split
from segablate.study.study import Study
from segablate.study.variants import variants

Write = Callable[..., Study]
TEXT = """\
name: x
fixed:
  data: {use: voc, root: here}
  model.output_stride: 16
  model.upsampler: dupsampling
vary: {model.encoder: [a, b]}
measure: [oracle, {use: oracle, as: v1.5, encode: optimise}]
"""


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("model.output_stride=32", "model.output_stride", 32),
        ("fixed.model.output_stride=32", "model.output_stride", 32),
        ("model.upsampler=nearest", "model.upsampler", "nearest"),
        ("model.upsampler.channels=64", "model.upsampler", {"use": "dupsampling", "channels": 64}),
        ("model.upsampler.use=nearest", "model.upsampler", {"use": "nearest"}),
        ("model.upsampler={use: d, channels: 8}", "model.upsampler", {"use": "d", "channels": 8}),
        ("data=camvid", "data", "camvid"),
        ("data.root=", "data", {"use": "voc", "root": None}),
        ("input.size=[4, 6]", "input", {"size": [4, 6]}),
        ("model.context={}", "model.context", {}),
        ("data.root=a=b", "data.root", "a=b"),
    ],
)
def test_a_fixed_value_is_replaced_whole(study: Write, override: str, field: str, value: Any) -> None:
    made = study(TEXT, override)
    assert lookup(made.fixed, split(field)) == value
    assert made.where(f"fixed.{override.removeprefix('fixed.').split('=')[0]}") == f"--set {override}"


def test_overrides_are_applied_in_their_order(study: Write) -> None:
    made = study(TEXT, "model.upsampler.channels=64", "model.upsampler=nearest", "model.upsampler.x=1")
    assert made.fixed["model"]["upsampler"] == {"use": "nearest", "x": 1}


def test_what_was_not_set_keeps_its_line(study: Write) -> None:
    made = study(TEXT, "model.upsampler.channels=64", "repeat=2")
    assert made.where("fixed.model.upsampler") == "x.yaml:5"
    assert made.where("fixed.data.root") == "x.yaml:3"


def test_what_was_replaced_loses_its_line(study: Write) -> None:
    made = study(TEXT, "data={use: camvid}")
    assert made.where("fixed.data.root") == "--set data={use: camvid}"


def test_a_study_without_fixed_values_can_be_given_some(study: Write) -> None:
    assert study("name: x", "data.use=voc").fixed == {"data": {"use": "voc"}}


@pytest.mark.parametrize(
    ("key", "index"), [("measure.0", 0), ("measure.oracle", 0), ("measure.1", 1), ("measure.v1.5", 1)]
)
def test_a_measures_setting_is_set_by_position_or_label(study: Write, key: str, index: int) -> None:
    made = study(TEXT, f"{key}.limit=5")
    assert [spec.settings.get("limit") for spec in made.measures] == [
        5 if i == index else None for i in (0, 1)
    ]
    assert made.where(f"measure.{index}.limit") == f"--set {key}.limit=5"


def test_keys_of_the_study_can_be_set(study: Write) -> None:
    made = study(TEXT, "repeat=3", "measure=[accuracy]", "design.use=chosen", "design.sets=[[b], []]")
    assert made.repeat == 3
    assert [spec.label for spec in made.measures] == ["accuracy"]
    assert [variant.label for variant in variants(made)] == ["b", "baseline"]


def test_text_as_design_becomes_the_use_of_its_settings(study: Write) -> None:
    made = study(f"{TEXT}design: chosen\n", "design.sets=[[]]")
    assert made.design == ("chosen", {"sets": [[]]})


def test_an_axis_is_set_whole(study: Write) -> None:
    made = study(TEXT, "vary.model.encoder={c: {use: c, depth: 4}, d: d}")
    assert [choice.label for choice in made.axes[0].choices] == ["c", "d"]
    assert made.where("vary.model.encoder.c.depth").startswith("--set vary.model.encoder=")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("repeat", "--set repeat: this has no `=`"),
        ("repeat=0", "--set repeat=0: `repeat` is 0, and must be between 1 and 1,000"),
        ("repeat=[", "--set repeat=[: this is not YAML"),
        ("data.use=no", "--set data.use=no: some programs read `no`"),
        ("model.encoder=c", r"--set model.encoder=c: `model.encoder` is fixed here and varied at x.yaml:6"),
        ("vary.model.encode=[c]", "the study has no axis `model.encode`"),
        ("measure.orcale.limit=5", "the study measures no `orcale`"),
        ("measure.7.limit=5", "the study measures no `7`"),
        ("measure.oracle=5", "this names no setting"),
        ("measure.0=5", "this names no setting"),
        ("fixed={}", "`fixed` cannot be set as a whole"),
        ("vary={}", "`vary` cannot be set as a whole"),
        ("name=z", "there is no `name` to set"),
        ("modle.encoder=z", "there is no `modle.encoder` to set"),
        ("measure.0.as=v1.5", "two measures are called `v1.5`"),
    ],
)
def test_an_override_that_cannot_be_is_an_error_at_the_option(
    study: Write, override: str, message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        study(TEXT, override)
    assert message in str(caught.value)


def test_the_nearest_key_is_told(study: Write) -> None:
    with pytest.raises(SegablateError) as caught:
        study(TEXT, "modle.encoder=z")
    assert caught.value.hint == "did you mean `model`?"
