from dataclasses import replace

import pytest

from segablate.report.caveats import (
    RULES,
    a_ceiling_is_no_accuracy,
    absent_classes,
    baseline_without_numbers,
    caveats,
    cells_without_numbers,
    counters_disagree,
    few_images,
    fitted_on_what_is_scored,
    operations_are_no_time,
    several_machines,
    uncounted_operators,
    unequal_images,
)
from segablate.report.data import read


@pytest.fixture
def cases(fake):
    """For every doubt: data that raise it."""
    done = fake.oracle("bilinear", None, 16)
    dup = fake.oracle("dupsampling", 64, 16)
    ok = fake.Line("a", {}, True, "project", done)
    cost = replace(done, reads={"scope": "network", "size": [64, 96], "classes": 2}, measurements=())
    scores = {"0": 0.9, "2": 0.8, "3": 0.8, "4": 0.8}

    def another(outcome):
        return fake.Line("b", {}, False, "project", outcome)

    return {
        a_ceiling_is_no_accuracy: [ok],
        baseline_without_numbers: [replace(ok, outcome=fake.failed("no")), another(done)],
        cells_without_numbers: [ok, another(fake.failed("no"))],
        unequal_images: [ok, another(replace(dup, facts={**dup.facts, "images": 200}))],
        few_images: [another(replace(done, facts={**done.facts, "images": 3}))],
        fitted_on_what_is_scored: [another(replace(dup, reads={**dup.reads, "fit": "val"}))],
        absent_classes: [another(replace(done, facts={**done.facts, "per_class_iou": scores}))],
        operations_are_no_time: [another(replace(cost, facts={}))],
        uncounted_operators: [another(replace(cost, facts={"uncounted": {"aten::gelu": 3}}))],
        counters_disagree: [another(replace(cost, facts={"disagreements": {"encoder": [1, 3]}}))],
        several_machines: [ok, another(replace(dup, machine={"cpu": "another"}))],
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_doubt_is_raised_by_what_it_is_about(fake, cases, tmp_path, rule):
    assert rule(read(fake.save(tmp_path, cases[rule], pictures=False) / "data"))


def test_a_clean_study_raises_one_doubt_only(fake, tmp_path):
    records = read(fake.save(tmp_path, fake.study(measures=["project"]), pictures=False) / "data")
    assert [one.remedy for one in caveats(records)] == ["Train the variants and measure their accuracy."]


def test_a_class_that_is_absent_is_named(fake, cases, tmp_path):
    (doubt,) = absent_classes(read(fake.save(tmp_path, cases[absent_classes], pictures=False) / "data"))
    assert doubt.doubt == "aeroplane does not occur in what project scored: the mean is without."
