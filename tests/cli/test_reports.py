"""Every committed report is what the data beside it say; a new one is checked by being there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.app.publish import origin

ROOT = Path(__file__).parents[2]
REPORTS = sorted(path.parent.relative_to(ROOT) for path in (ROOT / "reports").rglob("report.md"))


@pytest.mark.slow
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.relative_to("reports").as_posix())
def test_a_committed_report_is_what_its_data_say(
    report: Path, segablate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    study, overrides, label = origin(report / "data")
    changes = [word for change in overrides for word in ("--set", change)]
    named = ["--label", label] if label else []
    said = segablate("report", study, *changes, *named, "--check")
    assert said.code == 0, said.out + said.err
    assert said.err == f"{report}: every file is what its data say\n"


def test_all_that_lies_below_reports_belongs_to_one_of_them() -> None:
    files = [path.relative_to(ROOT) for path in (ROOT / "reports").rglob("*/*") if path.is_file()]
    own = {"report.md", "results.csv", "report.html", "report.tex"}
    others = {"faults": {"campaign.json", "README.md"}, "benchmarks": None}  # of no study
    for path in files:
        if path.parts[1] in others:
            assert (names := others[path.parts[1]]) is None or path.name in names, path
            continue
        folder = path.parent if path.name in own else path.parent.parent
        assert folder in REPORTS, path
        assert path.name in own or path.parent.name in ("data", "figures"), path


@pytest.mark.slow  # it judges every claim of every report
def test_the_committed_scoreboard_is_what_the_reports_say(
    segablate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    said = segablate("report", "--all", "--check")
    assert (said.code, said.out) == (0, ""), said.err


def test_every_report_has_a_page_and_data() -> None:
    data = {path.parent.parent.relative_to(ROOT) for path in (ROOT / "reports").rglob("outcomes.jsonl")}
    assert data == set(REPORTS)


def test_another_margin_is_judged_on_a_fresh_checkout(segablate: Callable, tmp_path: Path) -> None:
    place = tmp_path / "reports"
    shutil.copytree(ROOT / "reports" / "aa-shapes" / "data", place / "aa-shapes" / "data")
    line = ("report", ROOT / "studies" / "aa-shapes.yaml", "--store", tmp_path / "none", "--reports", place)
    said = segablate(*line, "--set", "margin={miou: 0.01 points}")
    assert said.code == 0, said.err
    (page,) = place.glob("aa-shapes/set-*/report.md")
    assert "| cannot tell; about " in page.read_text(encoding="utf-8")
    own = (ROOT / "reports" / "aa-shapes" / "report.md").read_text(encoding="utf-8")
    assert "| **confirmed within 2 points; " in own
