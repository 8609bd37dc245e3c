"""The six designs: which combinations are run, and which is the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segablate.errors import SegablateError
from segablate.study.designs import designs
from segablate.study.study import Axis, Choice, MeasureSpec, Study
from segablate.study.variants import Variant, variants

Write = Callable[..., Study]
AXES = "vary:\n  model.a: [a0, a1, a2]\n  model.b: [b0, b1]\n  model.c: [c0, c1]\n"
LENGTHS = st.lists(st.integers(1, 4), max_size=4)


def made(lengths: Sequence[int], design: str = "grid") -> Study:
    """A study whose axes have these many choices, with labels that differ everywhere."""
    axes = tuple(
        Axis(f"model.{word}", tuple(Choice(f"{word}{i}", i) for i in range(length)))
        for word, length in zip("abcdefgh", lengths, strict=False)
    )
    measures = (MeasureSpec("oracle", "oracle", {}),)
    settings = designs.part(design).settings({})
    return Study(Path("x.yaml"), "x", "", "", "", "", {}, axes, (design, settings), (), measures, 1)


def labels(study: Study) -> list[str]:
    return [variant.label for variant in variants(study)]


def test_grid_is_the_default_and_the_last_axis_runs_fastest(study: Write) -> None:
    grid = study("vary: {model.a: [a0, a1], model.b: [b0, b1]}")
    assert labels(grid) == ["a0, b0", "a0, b1", "a1, b0", "a1, b1"]


def test_zip_walks_the_axes_in_step(study: Write) -> None:
    assert labels(study("design: zip\nvary: {model.a: [a0, a1], model.b: [b0, b1]}")) == ["a0, b0", "a1, b1"]


def test_one_at_a_time_has_each_other_choice_alone(study: Write) -> None:
    assert labels(study(f"design: one-at-a-time\n{AXES}")) == ["baseline", "a1", "a2", "b1", "c1"]


def test_leave_one_out_puts_each_axis_back_once(study: Write) -> None:
    assert labels(study(f"design: leave-one-out\n{AXES}")) == [
        "baseline",
        "a2 + b1 + c1",
        "b1 + c1",
        "a2 + c1",
        "a2 + b1",
    ]


def test_leave_one_out_of_one_axis_is_that_axis_on_and_off(study: Write) -> None:
    assert labels(study("design: leave-one-out\nvary: {model.a: [a0, a1]}")) == ["baseline", "a1"]


def test_cumulative_switches_one_axis_after_another(study: Write) -> None:
    assert labels(study(f"design: cumulative\n{AXES}")) == ["baseline", "a2", "a2 + b1", "a2 + b1 + c1"]


def test_an_axis_of_one_choice_adds_no_variant_but_its_value(study: Write) -> None:
    for design, count in [("cumulative", 2), ("leave-one-out", 2), ("one-at-a-time", 2), ("grid", 2)]:
        made = variants(study(f"design: {design}\nvary: {{model.a: [a0, a1], model.b: [only]}}"))
        assert len(made) == count
        assert all(variant.config["model"]["b"] == "only" for variant in made)


def test_chosen_takes_the_sets_as_listed(study: Write) -> None:
    chosen = study(f"design: {{use: chosen, sets: [[a2, c1], [], [b1]]}}\n{AXES}")
    assert labels(chosen) == ["a2 + c1", "baseline", "b1"]
    assert [variant.baseline for variant in variants(chosen)] == [False, True, False]


def test_without_the_combination_of_all_first_choices_the_first_is_the_baseline(study: Write) -> None:
    chosen = variants(study(f"design: {{use: chosen, sets: [[b1], [a1]]}}\n{AXES}"))
    assert [(variant.label, variant.baseline) for variant in chosen] == [("b1", True), ("a1", False)]


def test_chosen_finds_numbers_and_truth_values_by_their_labels(study: Write) -> None:
    text = "design: {use: chosen, sets: [[], [8, true], [0.5]]}\n"
    axes = "vary: {model.stride: [16, 8], model.centre: [false, true], model.ratio: [1, 0.5]}"
    assert labels(study(text + axes)) == ["baseline", "stride=8 + centre=true", "ratio=0.5"]


def test_a_first_choice_may_be_named_in_a_set(study: Write) -> None:
    assert labels(study(f"design: {{use: chosen, sets: [[a0], [a0, b1]]}}\n{AXES}")) == ["baseline", "b1"]


def test_a_grid_no_one_could_run_is_an_error_at_once() -> None:
    with pytest.raises(SegablateError, match="the grid has 16,777,216 variants"):
        variants(made([8] * 8))


def check(found: Sequence[Variant]) -> None:
    assert sum(variant.baseline for variant in found) == 1
    assert len({variant.label for variant in found}) == len(found)
    assert len({tuple(variant.choices.items()) for variant in found}) == len(found)


@given(LENGTHS)
def test_a_grid_has_as_many_variants_as_the_product_of_its_axes(lengths: list[int]) -> None:
    found = variants(made(lengths))
    assert len(found) == math.prod(lengths)
    check(found)


@given(LENGTHS)
def test_one_at_a_time_has_one_variant_for_each_other_choice(lengths: list[int]) -> None:
    found = variants(made(lengths, "one-at-a-time"))
    assert len(found) == 1 + sum(length - 1 for length in lengths)
    check(found)


@given(LENGTHS)
def test_leave_one_out_and_cumulative_grow_with_the_axes_that_can_be_switched(lengths: list[int]) -> None:
    switches = sum(length > 1 for length in lengths)
    out, steps = variants(made(lengths, "leave-one-out")), variants(made(lengths, "cumulative"))
    assert len(out) == (2 + switches if switches > 1 else 1 + switches)
    assert len(steps) == 1 + switches
    assert out[0].config == steps[0].config
    assert {variant.label for variant in steps[-1:]} <= {variant.label for variant in out}
    check(out)
    check(steps)


@given(st.integers(1, 5), st.integers(1, 4))
def test_zip_has_as_many_variants_as_its_axes_have_choices(length: int, axes: int) -> None:
    found = variants(made([length] * axes, "zip"))
    assert len(found) == length
    check(found)


@pytest.mark.parametrize("name", [name for name in designs.names() if name != "chosen"])
def test_every_design_gives_indices_that_its_axes_have(name: str) -> None:
    axes = made([2, 2, 2], name).axes
    picked = designs.part(name).build({"axes": axes}, {})
    sizes = {axis.field: len(axis.choices) for axis in axes}
    assert picked
    assert all(0 <= index < sizes[field] for indices in picked for field, index in indices.items())


def test_the_designs_are_the_six() -> None:
    assert designs.names() == ["chosen", "cumulative", "grid", "leave-one-out", "one-at-a-time", "zip"]
