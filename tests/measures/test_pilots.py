"""Learning rates are what the committed pilots chose on val, and nobody has typed another."""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path

import pytest

from segablate.report.data import OUTCOMES, read
from segablate.study.load import load

ROOT = Path(__file__).parents[2]
# study → the pilot that chooses its rate
PILOTS = {
    "pp-liteseg-modules-camvid": "pilot-modules-camvid",
    "upsamplers-camvid": "pilot-upsamplers-camvid",
    "temperature-camvid": "pilot-upsamplers-camvid",
    "low-level-features-camvid": "pilot-low-level-features-camvid",
}
# where one rate costs a variant more than this, one rate for all is not fair
POINTS = 0.02


def scores(pilot: str) -> dict[float, dict[str, float]]:
    """mIoU on val by rate and by what else the variant is."""
    found: dict[float, dict[str, float]] = defaultdict(dict)
    for record in read(ROOT / "reports" / pilot / "data"):
        assert record.done, record.variant
        assert record.reads["score"] == "val"
        assert record.outcome is not None
        rest = str(sorted((axis, made) for axis, made in record.choices.items() if axis != "recipe.rate"))
        found[record.reads["recipe"]["rate"]][rest] = record.outcome.value("miou")
    return found


def chosen(found: dict[float, dict[str, float]]) -> float:
    """The rate at which the variants get furthest on average."""
    return max(found, key=lambda rate: statistics.fmean(found[rate].values()))


def own_rates(found: dict[float, dict[str, float]], rate: float) -> list[str]:
    """The variants that another rate serves better by more than 2 points."""
    return [
        variant
        for variant, score in found[rate].items()
        if max(scored[variant] for scored in found.values()) - score > POINTS
    ]


def test_the_rate_is_the_best_on_average_and_a_variant_far_off_is_named() -> None:
    found = {0.1: {"a": 0.50, "b": 0.52}, 0.2: {"a": 0.53, "b": 0.51}}
    assert chosen(found) == 0.2
    assert own_rates(found, 0.2) == []
    assert own_rates(found, 0.1) == ["a"]


@pytest.mark.parametrize(("study", "pilot"), PILOTS.items())
def test_a_study_trains_at_the_rate_that_its_pilot_chose(study: str, pilot: str) -> None:
    if not (ROOT / "reports" / pilot / "data" / OUTCOMES).is_file():
        assert not (ROOT / "reports" / study / "data").exists(), "test was scored before a rate was chosen"
        pytest.skip(f"{pilot} has not been run")
    found = scores(pilot)
    assert len(found) == 3
    rate = chosen(found)
    assert own_rates(found, rate) == [], "these variants need a rate of their own"
    assert dict(load(ROOT / "studies" / f"{study}.yaml").fixed["recipe"])["rate"] == rate


@pytest.mark.parametrize(("study", "pilot"), PILOTS.items())
def test_a_pilot_is_its_study_on_val_and_half_as_long(study: str, pilot: str) -> None:
    ours, theirs = (load(ROOT / "studies" / f"{name}.yaml") for name in (study, pilot))
    assert theirs.fixed["data"] == ours.fixed["data"]
    model = {part: made for part, made in ours.fixed["model"].items() if part in theirs.fixed["model"]}
    assert theirs.fixed["model"] == model
    assert theirs.fixed["recipe"] == {"use": ours.fixed["recipe"]["use"], "iterations": 300}
    assert [dict(spec.settings) for spec in theirs.measures] == [{"score": "val"}]
