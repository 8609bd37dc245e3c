"""Which comparisons are corrected together: all of one table, beside statsmodels' Holm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from segablate.records import Measurement
from segablate.report.comparisons import verdicts
from segablate.report.data import read
from segablate.report.verdicts import against
from segablate.report.verdicts import components as component_effects

SCORES = ("miou", "pixel_accuracy", "boundary_iou")


@pytest.fixture
def facts(fake):
    return replace(fake.FACTS, published="")


@pytest.fixture
def saved(fake, tmp_path):
    return lambda lines: read(fake.save(tmp_path, lines, pictures=False) / "data")


def training(fake, variant, table, metrics=SCORES, measure="accuracy", **choices):
    """A variant under several metrics, one row of the table a seed."""
    lines = fake.trained(variant, table[:, 0], **choices)
    taken = [
        tuple(Measurement(m, (v,), "made up") for m, v in zip(metrics, row, strict=True)) for row in table
    ]
    keys = [f"{measure}-{variant}-{seed}" for seed in range(len(table))]
    return [
        replace(line, measure=measure, outcome=replace(line.outcome, key=key, measurements=own))
        for line, key, own in zip(lines, keys, taken, strict=True)
    ]


def scores(seed, gain=0.0, n=5, columns=3):
    return 0.6 + gain + np.random.default_rng(seed).normal(0, 0.01, (n, columns))


@pytest.mark.usefixtures("times")
def test_all_comparisons_of_the_table_are_one_family_whatever_is_measured(fake, facts, saved):
    drawn = {name: scores(at) for at, name in enumerate("abc")}
    clocked = {name: 10 * np.exp(scores(at, columns=1)) for at, name in enumerate("abc", 10)}
    lines = [line for name in "abc" for line in training(fake, name, drawn[name])]
    for name in "abc":
        lines += training(fake, name, clocked[name], ("p50_ms",), "latency")
    found = verdicts(facts, saved(lines))
    plain = {}
    for name in "bc":
        for at, metric in enumerate(SCORES):
            plain[name, "accuracy", metric] = ttest_rel(drawn[name][:, at], drawn["a"][:, at]).pvalue
        logs = np.log(clocked[name][:, 0]), np.log(clocked["a"][:, 0])
        plain[name, "latency", "p50_ms"] = ttest_rel(*logs).pvalue
    opinion = multipletests(list(plain.values()), method="holm")[1]
    assert {key: one.p for key, one in found.items()} == pytest.approx(dict(zip(plain, opinion, strict=True)))


def test_what_one_column_would_decide_alone_many_columns_may_not(fake, facts, saved):
    def judged(columns):
        lines = []
        for at, name in enumerate("abc"):
            table = scores(at, 0.026 * (name == "b"))
            lines += training(fake, name, table[:, :columns], SCORES[:columns])
        return verdicts(facts, saved(lines))["b", "accuracy", "miou"]

    alone, together = judged(1), judged(3)
    assert (alone.kind, together.kind) == ("better", "undecided")
    assert (alone.low, alone.high) == (together.low, together.high)
    assert together.detectable > alone.detectable


def test_the_table_says_how_many_were_corrected_together(fake, facts, saved):
    lines = [line for at, name in enumerate("abc") for line in training(fake, name, scores(at))]
    records = saved(lines)
    text = " ".join(against(verdicts(facts, records), records).below)
    assert "corrected for the 6 comparisons of this table (Holm)" in text


def test_counts_take_no_part_in_the_family(fake, facts, saved):
    lines = []
    for at, name in enumerate("ab"):
        table = scores(at)
        table[:, 1] = 1e6
        lines += training(fake, name, table[:, :2], ("miou", "params"))
    found = verdicts(facts, saved(lines))
    assert found["b", "accuracy", "params"].p is None
    assert found["b", "accuracy", "miou"].p == pytest.approx(
        ttest_rel(scores(1)[:, 0], scores(0)[:, 0]).pvalue
    )


def test_all_effects_of_their_table_are_one_family(fake, facts, saved):
    lines = []
    for at, (one, two) in enumerate([("p", "x"), ("p", "y"), ("q", "x"), ("q", "y")]):
        choices = {"model.context": one, "model.decoder.fusion": two}
        gain = 0.02 * (one == "q") + 0.02 * (two == "y")
        table = scores(at, gain, columns=2)
        lines += training(fake, f"{one}{two}", table, SCORES[:2], choices=choices, baseline=at == 0)
    both = component_effects(facts, saved(lines))
    assert len(both.rows) == 14
    assert "corrected for the 14 effects of this table (Holm)" in both.below[0]
    for line in lines:
        object.__setattr__(line.outcome, "measurements", line.outcome.measurements[:1])
    alone = component_effects(facts, saved(lines))
    decided = [sum(row[-1].text != "undecided" for row in table.rows[:7]) for table in (alone, both)]
    assert decided[0] > decided[1]
