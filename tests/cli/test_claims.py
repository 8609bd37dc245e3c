"""Claims on the command line: what `plan` says of them, what `run` ends with, and what `report` keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

CLAIMS = "claims:\n  - {claim: three beats one, metric: miou, source: Table 1}\n"
KEPT = Path("runs/reports/toy/data/claims.json")


@pytest.fixture
def study(toy_study: Callable[..., Path]) -> Callable[[str], Path]:
    def write(claims: str = CLAIMS) -> Path:
        path = toy_study("one", "three")
        path.write_text(path.read_text() + claims)
        return path

    return write


def first_run() -> list[tuple[str, bool]]:
    kept = json.loads(KEPT.read_text())["claims"]
    return [(one["first_run"], one["added_after_results"]) for one in kept]


def test_plan_says_what_can_be_decided(segablate: Callable, study: Callable) -> None:
    back = "  - {claim: one beats three, metric: miou}\n"
    said = segablate("plan", study(CLAIMS + back))
    assert "“three beats one” (miou): can be decided: chance has no part in it" in said.out
    assert "note: “three beats one” and “one beats three” contradict each other" in said.err
    told = segablate("plan", study(), "--json").document["claims"]
    assert [(one["claim"], one["decidable"]) for one in told] == [("three beats one", True)]


@pytest.mark.parametrize("sd", ["miou", "mIoU=3", "miou=2 %", "params=2 %", "intensity=3"])
def test_a_spread_that_cannot_be_is_told(sd: str, segablate: Callable, study: Callable) -> None:
    said = segablate("plan", study(), "--sd", sd)
    assert said.code == 2
    assert f"--sd {sd}" in said.err


def test_run_ends_with_the_verdicts_and_the_page_begins_with_them(
    segablate: Callable, study: Callable
) -> None:
    said = segablate("run", study())
    line = "three beats one in mIoU: +20.00 points, confirmed; exact, these label maps"
    assert line in said.out
    page = Path("runs/reports/toy/report.md").read_text()
    assert (
        page.index("The claim is confirmed.")
        < page.index("| three beats one in mIoU | Table 1 |")
        < page.index("<details>")
    )
    assert first_run()[0][0].startswith("20")
    assert segablate("report", "toy.yaml", "--check").code == 0
    told = segablate("run", study(), "--json").document["claims"]
    assert [(one["verdict"], one["exact"], one["low"]) for one in told] == [("confirmed", True, None)]


def test_a_claim_that_comes_after_the_numbers_is_marked(segablate: Callable, study: Callable) -> None:
    said = segablate("run", study(""))
    assert "no claims: what the report says of differences is exploratory" in said.err
    assert not KEPT.exists()
    study()
    said = segablate("run", "toy.yaml")
    assert "added after results" in said.out
    assert first_run() == [("", True)]


def test_a_report_without_a_store_keeps_claims_as_well(segablate: Callable, study: Callable) -> None:
    segablate("run", study(""))
    Path("runs/reports").rename("reports")
    study()
    # without the mark in the data the page says it all the same
    assert segablate("report", "toy.yaml", "--check").code == 4
    assert segablate("report", "toy.yaml", "--store", "nowhere").code == 0
    kept = json.loads(Path("reports/toy/data/claims.json").read_text())["claims"]
    assert [(one["first_run"], one["added_after_results"]) for one in kept] == [("", True)]
    assert "added after results" in Path("reports/toy/report.md").read_text()
    assert segablate("report", "toy.yaml", "--check").code == 0


def test_a_claim_of_nobody_is_an_error_of_plan_run_and_report(segablate: Callable, study: Callable) -> None:
    path = study(CLAIMS.replace("three beats", "tree beats"))
    for command in ("plan", "run", "report"):
        said = segablate(command, path)
        assert said.code == 2
        assert "toy.yaml:9: there is no variant `tree`" in said.err
        assert "did you mean `three`?" in said.err


def test_diff_judges_the_claims_of_a_study_on_both_sides(segablate: Callable, study: Callable) -> None:
    segablate("run", study())
    said = segablate("diff", "runs/reports/toy", "runs/reports/toy/results.csv", "--study", "toy.yaml")
    assert said.code == 0, said.err
    last = said.out.splitlines()[-1]
    assert "+20.00 points, confirmed; exact, these label maps" in last
    assert "no verdict: there are no numbers" in last  # a table of numbers does not say what is exact
    told = segablate(
        "diff", "runs/reports/toy", "runs/reports/toy/data", "--study", "toy.yaml", "--json"
    ).document
    assert told["claims"][0]["A"] == told["claims"][0]["B"]
