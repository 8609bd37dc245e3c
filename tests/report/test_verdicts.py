"""Verdicts as a page tells them: what is compared with what, in which words."""

from dataclasses import replace

import numpy as np
import pytest

from segablate.errors import SegablateError
from segablate.quantity import Margin
from segablate.records import Measurement
from segablate.report.comparisons import baselines, compared_axes, verdicts
from segablate.report.data import read
from segablate.report.formats.md import markdown
from segablate.report.page import page

SEEDS = [0.700, 0.704, 0.698, 0.702]
UP = [value + step for value, step in zip(SEEDS, (0.021, 0.019, 0.020, 0.0205), strict=True)]
NOISY = [value + step for value, step in zip(SEEDS, (0.03, -0.02, 0.01, 0.0), strict=True)]


@pytest.fixture
def facts(fake):
    return replace(fake.FACTS, published="")


@pytest.fixture
def saved(fake, tmp_path):
    return lambda lines: read(fake.save(tmp_path, lines, pictures=False) / "data")


def shown(facts, records):
    return markdown(page(facts, records))


def test_a_verdict_stands_for_each_variant_but_the_baseline(fake, facts, saved):
    records = saved([*fake.trained("a", SEEDS), *fake.trained("b", UP), *fake.trained("c", NOISY)])
    found = verdicts(facts, records)
    kinds = {variant: one.kind for (variant, _, _), one in found.items()}
    assert kinds == {"b": "better", "c": "undecided"}
    assert found["b", "accuracy", "miou"].n == 4


def test_the_page_says_what_would_decide(fake, facts, saved):
    records = saved([*fake.trained("a", SEEDS), *fake.trained("b", UP), *fake.trained("c", NOISY)])
    text = shown(facts, records)
    seeds = verdicts(facts, records)["c", "accuracy", "miou"].needed
    assert f"undecided ({seeds} seeds would decide)" in text
    assert (
        "Exploratory, for nothing was claimed: against the baseline 1 is better and 1 is undecided." in text
    )
    assert "| b | a | mIoU | better | +2.01 points \\[+1.88, +2.15\\] | 4 seeds |" in text


def test_a_margin_of_the_study_decides_what_matters(fake, facts, saved):
    records = saved([*fake.trained("a", SEEDS), *fake.trained("b", UP)])
    wide = replace(facts, margin={"miou": Margin(0.05)})
    assert verdicts(wide, records)["b", "accuracy", "miou"].kind == "equivalent"


def test_one_seed_is_undecided_and_says_so(fake, facts, saved):
    text = shown(facts, saved([*fake.trained("a", [0.7]), *fake.trained("b", [0.8])]))
    assert "undecided (1 seed)" in text
    assert "nothing is known of what training again would give" in text


def test_with_one_seed_the_images_are_drawn_again(fake, facts, tmp_path):
    folder = fake.save(tmp_path, [*fake.trained("a", [0.7]), *fake.trained("b", [0.8])], pictures=False)
    rng = np.random.default_rng(0)
    for variant, right in (("a", 100), ("b", 300)):
        confusions = (np.eye(3) * right + rng.integers(5, 60, (40, 3, 3))).astype(np.uint32)
        names = np.array([f"{i}" for i in range(40)])
        path = folder / "data" / f"accuracy-{variant}-0-images.npz"
        np.savez_compressed(path, confusions=confusions, names=names)
    records = read(folder / "data")
    found = verdicts(facts, records)["b", "accuracy", "miou"]
    assert (found.kind, found.n, found.source, found.needed) == ("undecided", 40, "images", None)
    assert "it says nothing about training again" in shown(facts, records)


def test_with_several_seeds_images_are_not_mixed_in(fake, facts, tmp_path):
    folder = fake.save(tmp_path, [*fake.trained("a", SEEDS), *fake.trained("b", UP)], pictures=False)
    for variant in "ab":
        np.savez_compressed(folder / "data" / f"accuracy-{variant}-0-images.npz", names=["x"])
    assert verdicts(facts, read(folder / "data"))["b", "accuracy", "miou"].source == "seeds"


def test_an_archive_without_matrices_is_told(fake, facts, tmp_path):
    folder = fake.save(tmp_path, [*fake.trained("a", [0.7]), *fake.trained("b", [0.8])], pictures=False)
    for variant in "ab":
        np.savez_compressed(folder / "data" / f"accuracy-{variant}-0-images.npz", names=["x"])
    with pytest.raises(SegablateError, match="no matrices of images"):
        verdicts(facts, read(folder / "data"))


@pytest.mark.usefixtures("times")
def test_times_are_compared_as_ratios_of_processes(fake, facts, saved):
    base = fake.trained("a", [10.0, 10.2, 9.9], metric="p50_ms")
    slow = fake.trained("b", [12.0, 12.3, 11.8], metric="p50_ms")
    found = verdicts(facts, saved([*base, *slow]))["b", "accuracy", "p50_ms"]
    assert (found.kind, found.source, found.n, found.ratio) == ("worse", "processes", 3, True)
    assert found.difference == pytest.approx(1.2, abs=0.02)


def test_counts_are_what_they_are(fake, facts, saved):
    lines = [*fake.trained("a", [2e6], metric="params"), *fake.trained("b", [1e6], metric="params")]
    found = verdicts(facts, saved(lines))["b", "accuracy", "params"]
    assert (found.kind, found.source, found.low, found.high) == ("better", "count", -1e6, -1e6)


def test_a_score_without_a_random_part_needs_no_verdict(fake, facts, saved):
    assert verdicts(facts, saved(fake.study())) == {}


def test_a_baseline_that_failed_leaves_no_verdict(fake, facts, saved):
    lost = fake.Line("a", {"model.decoder": "a"}, True, "accuracy", fake.failed("no"))
    records = saved([lost, *fake.trained("b", UP)])
    assert verdicts(facts, records) == {}
    assert "The baseline has no numbers under accuracy" in shown(facts, records)


def test_nan_is_left_out_and_named(fake, facts, saved):
    records = saved([*fake.trained("a", SEEDS), *fake.trained("b", [float("nan"), *UP[1:]])])
    assert verdicts(facts, records)["b", "accuracy", "miou"].n == 3
    assert "a against b under accuracy: seed 0" in shown(facts, records)


def test_each_condition_has_its_own_baseline(fake, saved):
    def at(variant, decoder, stride, data):
        choices = {"model.decoder": decoder, "model.output_stride": stride, "data": data}
        return fake.trained(variant, [0.7], choices=choices, baseline=variant == "a")

    lines = [*at("a", "x", "8", "p"), *at("b", "y", "8", "p"), *at("c", "x", "16", "p")]
    lines += [*at("d", "y", "16", "p"), *at("e", "y", "8", "q")]
    records = saved(lines)
    assert compared_axes(records) == ("model.decoder",)
    assert baselines(records) == {"a": "a", "b": "a", "c": "c", "d": "c", "e": None}


def test_an_axis_that_the_study_lists_is_a_condition(fake, saved):
    def at(variant, encoder, decoder):
        choices = {"model.encoder": encoder, "model.decoder": decoder}
        return fake.trained(variant, [0.7], choices=choices, baseline=variant == "a")

    found = saved([*at("a", "s", "x"), *at("b", "s", "y"), *at("c", "l", "x"), *at("d", "l", "y")])
    records = [replace(record, conditions=("model.encoder",)) for record in found]
    assert compared_axes(records) == ("model.decoder",)
    assert baselines(records) == {"a": "a", "b": "a", "c": "c", "d": "c"}


def test_a_study_of_recipes_compares_recipes(fake, saved):
    lines = [*fake.trained("a", [0.7], choices={"recipe.loss": "ce", "data": "p"})]
    lines += fake.trained("b", [0.7], choices={"recipe.loss": "dice", "data": "p"})
    assert compared_axes(saved(lines)) == ("recipe.loss",)


def test_effects_of_a_whole_grid_are_told(fake, facts, saved):
    rng = np.random.default_rng(0)
    lines = []
    for context in ("none", "SPPM"):
        for fusion in ("add", "UAFM"):
            gain = 0.01 * (context == "SPPM") + 0.02 * (fusion == "UAFM")
            values = [0.7 + gain + 0.0005 * x for x in rng.normal(size=5)]
            choices = {"model.context": context, "model.decoder.fusion": fusion}
            label = f"{context}, {fusion}"
            lines += fake.trained(label, values, choices=choices, baseline=gain == 0)
    text = shown(facts, saved(lines))
    assert "**What each component earns:**" in text
    assert "| accuracy: mIoU | UAFM alone | +2.0" in text
    assert "UAFM once SPPM is there" in text
    assert "| accuracy: mIoU | SPPM × UAFM |" in text


def test_a_grid_with_a_hole_has_no_table_of_effects(fake, facts, saved):
    lines = []
    for context, fusion in (("none", "add"), ("none", "UAFM"), ("SPPM", "add")):
        choices = {"model.context": context, "model.decoder.fusion": fusion}
        values = SEEDS if fusion == "add" else UP
        lines += fake.trained(f"{context}{fusion}", values, choices=choices, baseline=not lines)
    assert "What each component earns" not in shown(facts, saved(lines))


def test_words_of_a_table_survive_any_label(fake, facts, saved):
    text = shown(facts, saved([*fake.trained("a", SEEDS), *fake.trained("b|c_&\nd", UP)]))
    assert "b\\|c\\_&amp; d" in text or "b\\|c_&amp; d" in text


def test_repeats_that_share_an_outcome_are_one_pair(fake, facts, saved):
    lines = []
    for variant, value in (("a", 0.7), ("b", 0.8)):
        (one,) = fake.trained(variant, [value])
        lines += [replace(one, seed=seed) for seed in range(5)]
    assert verdicts(facts, saved(lines))["b", "accuracy", "miou"].n == 1


def test_a_metric_without_a_better_side_has_no_verdict(fake, facts, saved):
    def with_intensity(lines):
        taken = (Measurement("intensity", (3.0,), "c"),)
        return [replace(one, outcome=replace(one.outcome, measurements=taken)) for one in lines]

    lines = with_intensity([*fake.trained("a", [1]), *fake.trained("b", [1])])
    assert verdicts(facts, saved(lines)) == {}


@pytest.mark.parametrize("condition", ["data.use", "recipe.rate"])
def test_whole_models_are_compared_under_each_condition(fake, saved, condition):
    lines = [
        line
        for place in ("here", "there")
        for name, scores in (("A", SEEDS), ("B", UP))
        for line in fake.trained(
            f"{name}, {place}",
            scores,
            baseline=(name, place) == ("A", "here"),
            choices={"model": name, condition: place},
        )
    ]
    records = saved(lines)
    assert compared_axes(records) == ("model",)
    assert baselines(records)["B, there"] == "A, there"


def test_an_axis_of_one_choice_is_no_axis_of_a_grid(fake, facts, saved):
    def lines(axes):
        return [
            line
            for at, name in enumerate("abc")
            for line in fake.trained(
                name,
                [score + at / 100 for score in UP],
                choices={axis: name if axis == "x" else "only" for axis in axes},
            )
        ]

    assert "on average over the others" not in shown(facts, saved(lines(["x", "y"])))
