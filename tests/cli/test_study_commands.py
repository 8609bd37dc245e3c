"""`run`, `plan` and `report` on a study whose measure takes no time."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from segablate.app.publish import Place, changed_label
from segablate.measures.base import measures

REPORT = Path("runs/reports/toy/report.md")


def test_a_run_ends_with_the_main_table_and_where_the_report_is(
    segablate: Callable, toy_study: Callable
) -> None:
    said = segablate("run", toy_study("one", "three"))
    assert said.code == 0, said.err
    rows = [line.split() for line in said.out.splitlines()[-2:]]
    assert rows == [["one", "30.00"], ["three", "50.00", "+20.00"]]
    assert said.err.endswith(f"2 measured\nreport: {REPORT}\n")
    assert REPORT.is_file()


def test_a_second_run_measures_nothing_and_changes_no_byte(segablate: Callable, toy_study: Callable) -> None:
    study = toy_study("one", "three")
    segablate("run", study)
    before = {path: path.read_bytes() for path in Path("runs/reports").rglob("*") if path.is_file()}
    said = segablate("run", study)
    assert "2 taken from the store" in said.err
    assert "measured" not in said.err
    assert {path: path.read_bytes() for path in Path("runs/reports").rglob("*") if path.is_file()} == before


def test_a_failed_cell_is_exit_code_3_and_a_row_with_its_reason(
    segablate: Callable, toy_study: Callable
) -> None:
    said = segablate("run", toy_study("one", "broken", "three"))
    assert said.code == 3
    assert "this word is broken" in said.out
    assert "2 measured, 1 failed" in said.err


def test_the_document_of_a_run_has_every_row(segablate: Callable, toy_study: Callable) -> None:
    said = segablate("run", toy_study("one", "broken", "left"), "--json")
    told = said.document
    assert told["schema"] == "segablate/1"
    assert told["report"] == REPORT.as_posix()
    assert told["cells"] == {"done": 1, "failed": 1, "skipped": 1, "reused": 0, "open": 0}
    assert [row["state"] for row in told["rows"]] == ["done", "failed", "skipped"]
    assert told["rows"][0]["measurements"] == {"miou": 0.3}
    assert said.err == ""


def test_results_of_another_machine_go_into_a_folder_of_its_name(
    segablate: Callable, toy_study: Callable
) -> None:
    segablate("run", toy_study("one"), "--label", "h100", "--reports", "elsewhere")
    assert Path("elsewhere/toy/h100/report.md").is_file()


@pytest.mark.parametrize("label", ["..", "a/b", "data", "figures", "-x"])
def test_a_label_that_is_no_folder_of_its_own_is_an_error(
    label: str, segablate: Callable, toy_study: Callable
) -> None:
    said = segablate("run", toy_study("one"), f"--label={label}")
    assert said.code == 2
    assert f"`{label}`" in said.err
    assert not Path("runs").exists()


def test_a_plan_says_what_is_done_and_runs_nothing(segablate: Callable, toy_study: Callable) -> None:
    segablate("run", toy_study("one"))
    said = segablate("plan", toy_study("one", "three", "left"))
    assert [line.split()[-1] for line in said.out.splitlines()[1:]] == ["done", "missing", "skipped"]
    assert said.err == "2 cells: 1 done, 1 missing; the rest may take 1 s\n"
    assert len(list(Path("runs/toy").iterdir())) == 1


def test_an_explained_plan_names_the_field_that_is_new(segablate: Callable, toy_study: Callable) -> None:
    segablate("run", toy_study("one"))
    said = segablate("plan", toy_study("one", "three"), "--explain", "--json")
    assert [row["state"] for row in said.document["rows"]] == ["done", "missing"]
    assert "`reads.word` is new" in said.document["rows"][1]["why"]


def test_a_plan_has_a_line_a_variant_and_a_sentence_a_reason(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = toy_study("one", "three", "eleven", "left")
    said = segablate("plan", study, "--explain")
    assert [line.split() for line in said.out.partition("\n\n")[0].splitlines()] == [
        ["variant", "toy"],
        ["one", "missing"],
        ["three", "missing"],
        ["eleven", "missing"],
        ["left", "skipped"],
    ]
    assert said.out.partition("\n\n")[2].splitlines() == [
        "3 rows missing, toy: nothing of `toy` is stored yet",
        "1 row skipped, toy of left: it is left out",
    ]
    assert said.err == "3 cells: 3 missing; they may take any time: nothing like them was measured yet\n"


def test_a_plan_ends_with_what_is_taken_over_and_what_the_rest_takes_where_it_was_measured(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    segablate("run", toy_study("one", "three"), "--reports", "reports")
    shutil.rmtree("runs")
    study = toy_study("one", "three", "eleven")
    said = segablate("plan", study)
    assert said.err == "3 cells: 3 missing; they may take 1 s, going by where the report was made\n"
    monkeypatch.setattr(measures.part("toy").make, "portable", True, raising=False)
    said = segablate("plan", study)
    assert said.err.startswith(
        "3 cells: 3 missing; `run` takes 2 from `reports/toy`; the other 1 may take 1 s, "
    )
    assert not Path("runs").exists()


def test_a_report_that_was_changed_by_hand_does_not_pass_its_check(
    segablate: Callable, toy_study: Callable
) -> None:
    study = toy_study("one", "three")
    segablate("run", study)
    assert segablate("report", study, "--check").code == 0
    REPORT.write_text(REPORT.read_text().replace("30.00", "99.00"))
    said = segablate("report", study, "--check")
    assert (said.code, said.out) == (4, f"{REPORT}\n")
    assert segablate("report", study, "--check", "--json").document["stale"] == ["report.md"]
    assert segablate("report", study).out == f"{REPORT}\n"
    assert segablate("report", study, "--check").code == 0


def test_a_clean_checkout_writes_the_report_from_its_data(segablate: Callable, toy_study: Callable) -> None:
    study, page = toy_study("one", "three"), Path("reports/toy/report.md")
    segablate("run", study, "--reports", "reports")
    before = page.read_bytes()
    shutil.rmtree("runs")
    page.unlink()
    said = segablate("report", study, "--json")
    assert said.document["report"] == page.as_posix()
    assert "2 cells are not in the store" in said.err
    assert page.read_bytes() == before


def test_what_is_committed_changes_only_where_somebody_asks_for_it(
    segablate: Callable, toy_study: Callable
) -> None:
    segablate("run", toy_study("one", "three"), "--reports", "reports")
    committed = {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()}
    study = toy_study("one", "eleven")
    for command in ("run", "report", "recommend"):
        assert segablate(command, study).code == 0
    assert {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()} == committed
    assert "eleven" in REPORT.read_text()
    # what is committed is what is checked, and the hint writes that
    said = segablate("report", study, "--check")
    assert said.code == 0, said.err
    assert said.err == "reports/toy: every file is what its data say\n"
    Path("reports/toy/report.md").unlink()
    assert "`segablate report toy.yaml --reports reports` writes" in segablate("report", study, "--check").err


def test_a_claim_keeps_the_day_that_the_committed_report_has(
    segablate: Callable, toy_study: Callable
) -> None:
    study = toy_study("one", "three")
    study.write_text(study.read_text() + "claims: [{claim: three beats one, metric: miou}]\n")
    segablate("run", study, "--reports", "reports")
    kept = Path("reports/toy/data/claims.json")
    kept.write_text(kept.read_text().replace(str(date.today().year), "2001"))
    segablate("run", study)
    assert (REPORT.parent / "data" / "claims.json").read_text() == kept.read_text()


def test_a_report_of_a_study_that_never_ran_is_an_error(segablate: Callable, toy_study: Callable) -> None:
    said = segablate("report", toy_study("one"))
    assert said.code == 2
    assert "run `segablate run toy.yaml` first" in said.err
    assert not Path("reports").exists()
    assert not REPORT.exists()


def test_set_changes_a_value_and_is_told_in_the_report(segablate: Callable, toy_study: Callable) -> None:
    study = toy_study("one")
    assert segablate("run", study, "--set", "repeat=2").code == 0
    page = Path("runs/reports/toy/set-repeat-2/report.md").read_text()
    assert "segablate run toy.yaml --set repeat=2\n" in page
    assert json.loads(json.dumps(segablate("plan", study, "--json").document))["study"] == "toy"


def test_a_changed_study_does_not_touch_the_report_of_the_study(
    segablate: Callable, toy_study: Callable
) -> None:
    study = toy_study("one")
    segablate("run", study)
    before = REPORT.read_bytes()
    change = ("--set", "vary.model.encoder=[one, three]")
    said = segablate("run", study, *change)
    page = Path(said.err.rpartition("report: ")[2].strip())
    assert page.parent.name.startswith("set-vary.model.encoder-one-three-")
    assert REPORT.read_bytes() == before
    assert segablate("report", study, *change, "--check").code == 0
    assert segablate("run", study, *change, "--label", "mine").err.endswith(": reports/toy/mine/report.md\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a=1"], ["a=2"]),
        (["a=-1"], ["a=1"]),
        (["a=[1, 2]"], ["a=[12]"]),
        (["a=1", "b=2"], ["a=1-b=2"]),
        (["a=" + "x" * 90], ["a=" + "x" * 91]),
        (["ä=1"], ["ö=1"]),
    ],
)
def test_each_change_has_a_folder_of_its_own(one: list[str], other: list[str]) -> None:
    labels = [changed_label(change) for change in (one, other)]
    assert labels[0] != labels[1]
    assert all(Place(Path("runs"), Path("reports"), label).label == label for label in labels)


NET = """\
from torch import nn


def make():
    return nn.Conv2d(3, 3, 1)
"""
OUTSIDE = """\
name: outside
question: What does mine cost?
fixed:
  input: {size: [16, 24], classes: 3}
  model: {use: external, factory: "a_net_beside:make"}
measure: [complexity]
"""


def test_a_model_of_one_s_own_needs_a_word_on_the_command_line_which_the_report_repeats(
    segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("a_net_beside.py").write_text(NET)
    Path("outside.yaml").write_text(OUTSIDE)
    for command in ("plan", "run"):
        refused = segablate(command, "outside.yaml")
        assert refused.code == 2
        assert refused.err.startswith("error: outside.yaml:5: `a_net_beside:make` is code from outside")
        assert "--allow-external" in refused.err
        assert segablate(command, "outside.yaml", "--allow-external").code == 0
    page = Path("runs/reports/outside/report.md").read_text()
    assert "segablate run outside.yaml --allow-external\n" in page
    assert segablate("report", "outside.yaml", "--check").code == 0
    assert "1 done" in segablate("plan", "outside.yaml", "--allow-external").err


def test_several_jobs_need_processes_and_get_them(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def execute(plan: object, store: object, *, executor: str, **options: object) -> None:
        asked.append(executor)
        raise KeyboardInterrupt

    monkeypatch.setattr("segablate.run.execute.execute", execute)
    study = toy_study("one")
    segablate("run", study)
    segablate("run", study, "--jobs", 2)
    segablate("run", study, "--jobs", 2, "--executor", "inline")
    assert asked == ["inline", "processes", "inline"]


def test_a_fresh_checkout_takes_what_its_report_holds_unless_told_otherwise(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures.part("toy").make, "portable", True, raising=False)
    study = toy_study("one", "three")
    segablate("run", study, "--reports", "reports")
    shutil.rmtree("runs")
    said = segablate("run", study)
    assert said.err.startswith("note: 2 cells are taken from `reports/toy/data`, measured on ")
    assert "2 taken from the store" in said.err
    shutil.rmtree("runs")
    assert "2 measured" in segablate("run", study, "--no-reuse-report").err
    assert "2 measured" in segablate("run", study, "--only", "all").err
