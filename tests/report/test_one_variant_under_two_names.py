"""The study `aa-shapes`: what is true of it, and what its committed report found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from segablate.report.comparisons import comparisons, verdicts
from segablate.report.data import read
from segablate.report.facts import StudyFacts
from segablate.run.plan import plan
from segablate.study.load import load
from segablate.training.recipes.base import recipes
from segablate.training.rng import draw

ROOT = Path(__file__).parents[2]
STUDY = load(ROOT / "studies/aa-shapes.yaml")


@pytest.fixture(scope="module")
def records():
    return read(ROOT / "reports/aa-shapes/data")


@pytest.fixture
def facts():
    return StudyFacts("aa-shapes", "", "", "", "", "", "", STUDY.margin)


def test_the_two_names_draw_other_pictures_that_are_spread_alike():
    first, second = (
        recipes.part(choice.value["use"]).build({}, {k: v for k, v in choice.value.items() if k != "use"})
        for choice in STUDY.axes[0].choices
    )
    one, two = draw(first, 4000, 7), draw(second, 4000, 7)
    for name in ("scale", "row", "column"):
        ours, theirs = getattr(one, name), getattr(two, name)
        assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.1
        assert ks_2samp(ours, theirs).pvalue > 0.001
    assert 0.4 < np.mean(one.mirrored == two.mirrored) < 0.6
    # the one thing that is not alike is far below a pixel of an image this size
    assert second.scale_step * max(STUDY.fixed["data"]["size"]) < 1e-3


def test_every_training_of_the_study_is_one_of_its_own(records):
    cells = {row.cell.key for row in plan(STUDY).rows}
    assert cells == {record.outcome.key for record in records}
    assert len(cells) == 20


def test_the_committed_differences_are_real_and_yet_no_verdict_tells_the_names_apart(records, facts):
    for one in comparisons(records):
        assert len(one.pairs.seeds) == 10
        assert np.all(one.pairs.differences != 0)
    kinds = {one.kind for one in verdicts(facts, records).values()}
    assert kinds <= {"undecided", "equivalent"}
