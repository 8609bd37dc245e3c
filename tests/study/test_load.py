"""Studies that are as they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.study.load import load
from segablate.study.study import Axis, Choice, MeasureSpec, Skip, Study
from segablate.study.variants import variants

Write = Callable[..., Study]
EXAMPLE = """\
name: pp-liteseg-modules
question: What do FLD, SPPM and UAFM each earn, and what do they cost?
expect: Each step helps; UAFM costs the most latency.       # written before looking
cite: arXiv:2204.02681, Table 3
published: pp-liteseg.table3                                # shown beside what is measured here

fixed:
  data: {use: camvid}
  model.encoder: stdc2
  model.upsampler: bilinear
  recipe: {use: pp-liteseg-camvid, iterations: 4000}
  input: {size: [720, 960], batch: 1}

vary:                                   # the first value of each axis is the baseline
  model.decoder.channels: {flat: [96, 96, 96], FLD: [64, 96, 128]}
  model.context:          {none: none, SPPM: {use: sppm, bins: [1, 2, 4], channels: 128}}
  model.decoder.fusion:   {add: add, UAFM: {use: uafm, attention: spatial}}

design:                                 # grid · zip · one-at-a-time · leave-one-out · cumulative · chosen
  use: chosen
  sets: [[], [FLD], [FLD, SPPM], [FLD, UAFM], [FLD, SPPM, UAFM]]

skip:
  - {when: {data.use: shapes}, because: too easy to tell the decoders apart}

measure: [accuracy, complexity, {use: latency, precision: fp16}]
repeat: 5                               # seeds 0…4, the same for every variant, so that they pair
"""


@pytest.fixture
def example() -> Study:
    path = Path("pp-liteseg-modules.yaml")
    path.write_text(EXAMPLE, encoding="utf-8")
    return load(path)


def test_conditions_are_axes_in_their_order(study: Write) -> None:
    text = "vary: {model.a: [x1, x2], model.b: [u, v], model.c: [p, q]}\nconditions: [model.c, model.a]\n"
    assert study(text).conditions == ("model.c", "model.a")
    assert study("vary: {model.a: [x1, x2]}\n").conditions == ()


def test_the_example_says_what_it_says(example: Study) -> None:
    assert example.name == "pp-liteseg-modules"
    assert example.question == "What do FLD, SPPM and UAFM each earn, and what do they cost?"
    assert example.expect == "Each step helps; UAFM costs the most latency."
    assert example.cite == "arXiv:2204.02681, Table 3"
    assert example.published == "pp-liteseg.table3"
    assert example.fixed == {
        "data": {"use": "camvid"},
        "model": {"encoder": "stdc2", "upsampler": "bilinear"},
        "recipe": {"use": "pp-liteseg-camvid", "iterations": 4000},
        "input": {"size": [720, 960], "batch": 1},
    }
    assert example.axes[1] == Axis(
        "model.context",
        (Choice("none", "none"), Choice("SPPM", {"use": "sppm", "bins": [1, 2, 4], "channels": 128})),
    )
    assert example.skips == (Skip({"data.use": "shapes"}, "too easy to tell the decoders apart"),)
    assert example.measures[2] == MeasureSpec("latency", "latency", {"precision": "fp16"})
    assert example.repeat == 5


def test_the_example_has_five_variants(example: Study) -> None:
    made = variants(example)
    assert [v.label for v in made] == ["baseline", "FLD", "FLD + SPPM", "FLD + UAFM", "FLD + SPPM + UAFM"]
    assert [v.baseline for v in made] == [True, False, False, False, False]
    assert made[3].config["model"] == {
        "encoder": "stdc2",
        "upsampler": "bilinear",
        "context": "none",
        "decoder": {"channels": [64, 96, 128], "fusion": {"use": "uafm", "attention": "spatial"}},
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("fixed.model.encoder", 9),
        ("fixed.data.use", 8),
        ("fixed.data.root", 8),
        ("fixed.input.size.1", 12),
        ("vary.model.context.SPPM.bins", 16),
        ("vary.model.context.SPPM.stride", 16),
        ("vary.model.context", 16),
        ("design.sets.2.1", 21),
        ("design.use", 20),
        ("skip.0.because", 24),
        ("measure.2.precision", 26),
        ("repeat", 27),
    ],
)
def test_every_dotted_path_has_its_line(example: Study, path: str, line: int) -> None:
    assert example.where(path) == f"pp-liteseg-modules.yaml:{line}"


def test_what_is_nowhere_is_in_the_file(example: Study) -> None:
    assert example.where("nowhere.at.all") == "pp-liteseg-modules.yaml"


def test_the_least_study_has_one_variant(study: Write) -> None:
    made = study("name: x\nmeasure: [oracle]\n")
    assert (made.question, made.expect, made.cite, made.published) == ("", "", "", "")
    assert made.repeat == 1
    assert made.design == ("grid", {})
    assert [(v.label, v.config, v.baseline) for v in variants(made)] == [("baseline", {}, True)]


def test_a_list_of_scalars_is_its_own_labels(study: Write) -> None:
    made = study(
        "vary:\n  model.output_stride: [16, 8]\n  model.upsampler.centre:\n    - false\n    - true\n"
    )
    assert made.axes[0].choices == (Choice("16", 16), Choice("8", 8))
    assert made.axes[1].choices == (Choice("false", False), Choice("true", True))
    assert made.where("vary.model.upsampler.centre.true") == "x.yaml:5"


def test_labels_of_a_list_have_their_own_lines_even_where_they_look_like_positions(study: Write) -> None:
    made = study("vary:\n  model.level:\n    - 1\n    - 0\n    - 2\n")
    assert [made.where(f"vary.model.level.{label}") for label in (0, 1, 2)] == [
        "x.yaml:4",
        "x.yaml:3",
        "x.yaml:5",
    ]


def test_measures_are_told_apart_by_as(study: Write) -> None:
    made = study("measure: [oracle, {use: oracle, as: searched, encode: optimise}]")
    assert made.measures[1] == MeasureSpec("searched", "oracle", {"encode": "optimise"})


def test_quoted_words_may_be_labels(study: Write) -> None:
    made = study('vary: {model.context: {"no": none, "on": sppm}}')
    assert [choice.label for choice in made.axes[0].choices] == ["no", "on"]


def test_a_loaded_study_holds_only_json_values(example: Study) -> None:
    assert json.loads(json.dumps(example.fixed)) == example.fixed


def test_settings_fixed_beneath_an_axis_join_every_choice(study: Write) -> None:
    made = study("fixed: {data.root: here}\nvary: {data: {VOC: {use: voc}, CamVid: camvid}}")
    assert [v.config["data"] for v in variants(made)] == [
        {"use": "voc", "root": "here"},
        {"use": "camvid", "root": "here"},
    ]
