"""Labels, skips, and which line of the study a variant's value came from."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.study.load import load
from segablate.study.study import Study
from segablate.study.variants import field_in_study, skip_reason, variants

Write = Callable[..., Study]


def labels(study: Study) -> list[str]:
    return [variant.label for variant in variants(study)]


def test_a_number_or_truth_value_is_written_with_its_field(study: Write) -> None:
    made = study(
        "vary:\n  model.upsampler: [nearest]\n  model.output_stride: [16]\n  model.x.centre: [true, false]\n"
    )
    assert labels(made) == [
        "nearest, output_stride=16, centre=true",
        "nearest, output_stride=16, centre=false",
    ]


def test_a_field_is_written_as_long_as_it_must_be_to_be_told_from_another(study: Write) -> None:
    made = study("vary: {model.a.channels: [1], model.b.channels: [1], model.stride: [4]}")
    assert labels(made) == ["a.channels=1, b.channels=1, stride=4"]


def test_numbers_differ_by_field_in_designs_that_name_only_what_differs(study: Write) -> None:
    made = study("design: one-at-a-time\nvary: {model.a: [1, 2], model.b: [1, 2]}")
    assert labels(made) == ["baseline", "a=2", "b=2"]


@pytest.mark.parametrize("label", ["1e-3", "-4", "0.5", "2.", "16"])
def test_whatever_looks_like_a_number_is_one(study: Write, label: str) -> None:
    assert labels(study(f'vary: {{model.a: {{"{label}": x}}}}')) == [f"a={label}"]


@pytest.mark.parametrize("label", ["DUp-64", "1x1", "v1.5", "e3", "none", "-"])
def test_what_only_has_digits_in_it_is_not_a_number(study: Write, label: str) -> None:
    assert labels(study(f'vary: {{model.a: {{"{label}": x}}}}')) == [label]


def test_variants_do_not_share_mappings(study: Write) -> None:
    made = variants(study("fixed: {data: {use: voc}, model.context: {}}\nvary: {model.a: [p, q]}"))
    made[0].config["data"]["use"] = "changed"
    made[0].config["model"]["context"]["x"] = 1
    assert made[1].config == {"data": {"use": "voc"}, "model": {"context": {}, "a": "q"}}


def test_the_deeper_of_two_axes_sets_the_outer_ones_choice(study: Write) -> None:
    made = study("vary: {model.upsampler.channels: [32, 64], model.upsampler: [dup, lin]}")
    assert variants(made)[2].config["model"]["upsampler"] == {"use": "dup", "channels": 64}


FIELDS = """\
fixed:
  data: {use: voc}
  model.encoder: stdc
vary:
  model.upsampler:
    lin: bilinear
    DUp-64: {use: dupsampling, channels: 64}
  model.upsampler.centre: [false, true]
  model.output_stride:
    - 16
    - 8
"""


@pytest.mark.parametrize(
    ("field", "path", "line"),
    [
        ("model.upsampler.channels", "vary.model.upsampler.DUp-64.channels", 7),
        ("model.upsampler.missing", "vary.model.upsampler.DUp-64.missing", 7),
        ("model.upsampler", "vary.model.upsampler.DUp-64", 7),
        ("model.upsampler.centre", "vary.model.upsampler.centre.true", 8),
        ("model.output_stride", "vary.model.output_stride.8", 11),
        ("model.encoder", "fixed.model.encoder", 3),
        ("model.encoder.depth", "fixed.model.encoder.depth", 3),
        ("data.root", "fixed.data.root", 2),
        ("data", "fixed.data", 2),
        ("recipe.use", "fixed.recipe.use", 1),
    ],
)
def test_a_field_at_fault_is_found_where_the_study_set_it(
    study: Write, field: str, path: str, line: int
) -> None:
    made = study(FIELDS)
    last = variants(made)[-1]
    assert field_in_study(made, last, field) == path
    assert made.where(path) == f"x.yaml:{line}"


def test_a_field_above_an_axis_is_the_axis_where_nothing_is_fixed(study: Write) -> None:
    made = study("vary:\n  model.a.b: [p, q]\n")
    assert field_in_study(made, variants(made)[1], "model.a") == "vary.model.a.b.q"


SKIPPED = """\
fixed: {{data: voc, input: {{size: [4, 6]}}}}
vary:
  model.upsampler: {{near: nearest, DUp: {{use: dupsampling, channels: 64}}}}
  model.output_stride: [16, 8]
measure: [accuracy, latency]
skip: [{{when: {when}, because: a reason}}]
"""


@pytest.mark.parametrize(
    ("when", "skipped"),
    [
        ("{model.upsampler: DUp}", {"DUp 16 a", "DUp 16 l", "DUp 8 a", "DUp 8 l"}),
        ("{model.upsampler: dupsampling}", {"DUp 16 a", "DUp 16 l", "DUp 8 a", "DUp 8 l"}),
        ("{model.upsampler.use: nearest, model.output_stride: 8}", {"near 8 a", "near 8 l"}),
        ('{model.upsampler.channels: 64, measure: latency, model.output_stride: "8"}', {"DUp 8 l"}),
        ("{model.output_stride: [8, 32], measure: [latency]}", {"near 8 l", "DUp 8 l"}),
        ("{input.size: [4, 6], measure: latency, model.upsampler: near}", {"near 16 l", "near 8 l"}),
        ("{data.use: voc, model.upsampler: near, measure: accuracy}", {"near 16 a", "near 8 a"}),
        ("{data.use: camvid}", set()),
        ("{model.upsampler.channels: 32}", set()),
        ("{model.output_stride: true}", set()),
    ],
)
def test_a_skip_applies_where_all_its_conditions_hold(study: Write, when: str, skipped: set[str]) -> None:
    made = study(SKIPPED.format(when=when))
    found = {
        " ".join((*variant.choices.values(), spec.label[0]))
        for variant in variants(made)
        for spec in made.measures
        if skip_reason(made, variant, spec.label) == "a reason"
    }
    assert found == skipped


def test_the_first_reason_that_applies_is_told(study: Write) -> None:
    made = study(
        "fixed: {data: voc}\nskip:\n- {when: {data: camvid}, because: one}\n"
        "- {when: {data: voc}, because: two}\n- {when: {measure: oracle}, because: three}\n"
    )
    assert skip_reason(made, variants(made)[0], "oracle") == "two"


def test_a_thousand_variants_are_quick() -> None:
    axis = "".join(
        f"    c{{0}}{i}: {{{{use: dupsampling, channels: {i}, centre: true}}}}\n" for i in range(10)
    )
    axes = "".join(f"  model.{word}:\n{axis.format(word)}" for word in "abc")
    Path("x.yaml").write_text(f"name: x\nmeasure: [oracle]\nfixed: {{data: voc}}\nvary:\n{axes}")
    started = time.perf_counter()
    assert len(variants(load(Path("x.yaml")))) == 1000
    assert time.perf_counter() - started < 3  # takes 0.03 s: only a wrong order of growth would fail here
