import math
from dataclasses import replace

import pytest

from segablate.records import Measurement
from segablate.report.caveats import (
    RULES,
    Found,
    a_ceiling_is_no_accuracy,
    absent_classes,
    baseline_without_numbers,
    caveats,
    cells_without_numbers,
    chosen_on_test,
    counters_disagree,
    few_images,
    few_seeds,
    fitted_on_what_is_scored,
    flagged_times,
    no_baseline_there,
    no_spread,
    one_seed,
    operations_are_no_time,
    processor_times,
    several_machines,
    several_threads,
    several_versions,
    timed_apart,
    trained_bound_was_tuned_here,
    uncounted_operators,
    unequal_images,
    unmatched_seeds,
)
from segablate.report.data import read


@pytest.fixture
def cases(fake):
    """For every doubt: data that raise it."""
    done = fake.oracle("bilinear", None, 16)
    dup = fake.oracle("dupsampling", 64, 16)
    ok = fake.Line("a", {}, True, "project", done)
    cost = replace(
        done, reads={"scope": "network", "size": [64, 96], "classes": 2}, measurements=(), use="complexity"
    )
    scores = {"0": 0.9, "2": 0.8, "3": 0.8, "4": 0.8}

    def another(outcome):
        return fake.Line("b", {}, False, "project", outcome)

    def cpu(variant, **facts):
        reads = {"device": "cpu", "precision": "fp32"}
        taken = (Measurement("p50_ms", (10.0,), "c"),)
        found = replace(done, key=variant, reads=reads, facts=facts, measurements=taken, use="latency")
        return fake.Line(variant, {}, variant == "a", "latency", found)

    launch = {"name": "launch-bound", "found": "half", "remedy": "use CUDA graphs"}
    return {
        no_baseline_there: [
            fake.Line("a", {"model.a": "x", "data": "p"}, True, "project", done),
            fake.Line("b", {"model.a": "y", "data": "q"}, False, "project", dup),
        ],
        one_seed: [*fake.trained("a", [0.7]), *fake.trained("b", [0.8])],
        few_seeds: [*fake.trained("a", [0.7, 0.71]), *fake.trained("b", [0.8, 0.82])],
        unmatched_seeds: [*fake.trained("a", [0.7, 0.71]), *fake.trained("b", [0.8, math.nan])],
        no_spread: [*fake.trained("a", [0.7, 0.71]), *fake.trained("b", [0.8, 0.81])],
        chosen_on_test: [
            *fake.trained("a", [0.7], reads={"score": "test"}),
            *fake.trained("b", [0.8], reads={"score": "test"}),
        ],
        processor_times: [cpu("a")],
        flagged_times: [cpu("a", flags=[launch])],
        timed_apart: [cpu("a", session="one"), cpu("b", session="two")],
        a_ceiling_is_no_accuracy: [ok],
        baseline_without_numbers: [replace(ok, outcome=fake.failed("no")), another(done)],
        cells_without_numbers: [ok, another(fake.failed("no"))],
        unequal_images: [ok, another(replace(dup, facts={**dup.facts, "images": 200}))],
        few_images: [another(replace(done, facts={**done.facts, "images": 3}))],
        trained_bound_was_tuned_here: [another(replace(done, reads={**done.reads, "encode": "autoencoder"}))],
        fitted_on_what_is_scored: [another(replace(dup, reads={**dup.reads, "fit": "val"}))],
        absent_classes: [another(replace(done, facts={**done.facts, "per_class_iou": scores}))],
        operations_are_no_time: [another(replace(cost, facts={}))],
        uncounted_operators: [another(replace(cost, facts={"uncounted": {"aten::gelu": 3}}))],
        counters_disagree: [another(replace(cost, facts={"disagreements": {"encoder": [1, 3]}}))],
        several_machines: [ok, another(replace(dup, machine={"cpu": "another"}))],
        several_versions: [ok, another(replace(dup, machine={**dup.machine, "python": "another"}))],
        several_threads: [
            another(replace(done, thread_sensitive=True, machine={**done.machine, "threads": 1})),
            another(replace(dup, thread_sensitive=True, machine={**dup.machine, "threads": 2})),
        ],
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.usefixtures("times")
def test_each_doubt_is_raised_by_what_it_is_about(fake, cases, tmp_path, rule):
    records = read(fake.save(tmp_path, cases[rule], pictures=False) / "data")
    assert list(rule(Found(records)))


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"machine": {"threads": 2}}, []),
        ({"machine": {"threads": 2}, "thread_sensitive": True}, [several_threads]),
        ({"machine": {"python": "another"}}, [several_versions]),
        ({"machine": {"cpu": "another"}}, [several_machines]),
    ],
)
def test_another_machine_other_code_and_other_threads_are_told_apart(fake, tmp_path, change, rules):
    made = fake.oracle("bilinear", None, 16)
    made = replace(
        made, thread_sensitive=change.get("thread_sensitive"), machine={**made.machine, "threads": 1}
    )
    other = replace(made, **{**change, "machine": {**made.machine, **change["machine"]}})
    lines = [fake.Line("a", {}, True, "project", made), fake.Line("b", {}, False, "project", other)]
    records = read(fake.save(tmp_path, lines, pictures=False) / "data")
    assert [
        rule for rule in (several_machines, several_versions, several_threads) if list(rule(Found(records)))
    ] == rules


def test_a_clean_study_raises_one_doubt_only(fake, tmp_path):
    records = read(fake.save(tmp_path, fake.study(measures=["project"]), pictures=False) / "data")
    assert [one.remedy for one in caveats(records)] == ["Train the variants and measure their accuracy."]


@pytest.mark.parametrize("other", [{"data": {"use": "camvid"}}, {"score": "train"}, {"encode": "optimise"}])
def test_only_the_label_maps_it_was_tuned_on_make_the_trained_bound_doubtful(fake, tmp_path, other):
    reads = {**fake.oracle("bilinear", None, 16).reads, "encode": "autoencoder", **other}
    line = fake.Line("a", {}, True, "trained", replace(fake.oracle("bilinear", None, 16), reads=reads))
    found = Found(read(fake.save(tmp_path, [line], pictures=False) / "data"))
    assert not list(trained_bound_was_tuned_here(found))


def test_a_class_that_is_absent_is_named(fake, cases, tmp_path):
    (doubt,) = absent_classes(
        Found(read(fake.save(tmp_path, cases[absent_classes], pictures=False) / "data"))
    )
    assert doubt.doubt == "aeroplane does not occur in what project scored: the mean is without."


def test_a_number_without_a_partner_is_named_with_its_seed(fake, cases, tmp_path):
    records = read(fake.save(tmp_path, cases[unmatched_seeds], pictures=False) / "data")
    (doubt,) = unmatched_seeds(Found(records))
    assert "a against b under accuracy: seed 1" in doubt.doubt


def test_a_baseline_that_lost_one_seed_has_numbers(fake, tmp_path):
    lines = fake.trained("a", [0.5, 0.6, 0.7])
    lines[1] = replace(lines[1], outcome=replace(lines[1].outcome, status="failed"))
    assert list(baseline_without_numbers(Found(read(fake.save(tmp_path, lines) / "data")))) == []
