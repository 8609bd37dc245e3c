"""Which columns of a table there is room for, and how results look where there is little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segablate.cli import results
from segablate.cli.columns import PAGE, broken, fitting
from segablate.records import Measurement, Outcome
from segablate.report.data import Record, read
from segablate.report.facts import StudyFacts
from segablate.report.main_table import main_table, numbers_of
from segablate.report.page import page

REPORTS = Path(__file__).parents[2] / "reports"
FACTS = StudyFacts("made-up", "What fits?", "", "", "", "segablate run x.yaml", "x.yaml")
HEADS = ("variant", "multiply-adds (GMAC)", "twice that (GFLOP)", "memory (MiB)", "p50 of all (ms)")
ROWS = [("a", "1", "2", "7", "5"), ("b", "2", "4", "7", "6")]


MEASURES = {
    "ceiling": ("miou", "pixel_accuracy", "boundary_iou"),
    "cost": ("params", "macs", "flops", "elementwise", "operations"),
    "time": ("p50_ms", "p95_ms", "p99_ms", "iqr_ms", "fps"),
}
SIZES = {"ceiling": 1.0, "cost": 1e11, "time": 30.0}
NAMES = ("plain", "a decoder whose name is as long as the sum of all that was changed in it", "third", "last")


def records() -> Iterator[Record]:
    """A study of three measures, one of which leaves variants out, and in one of which a cell failed."""
    for measure, metrics in MEASURES.items():
        for at, name in enumerate(NAMES):
            taken = tuple(
                Measurement(one, ((at + 1) * SIZES[measure] / (7 + i),), "made up")
                for i, one in enumerate(metrics)
            )
            found = Outcome(f"{measure}-{at}", "done", {}, taken)
            if (measure, name) == ("cost", "third"):
                found = Outcome(
                    f"{measure}-{at}", "failed", {}, reason="it does not fit: " + "very long " * 12
                )
            skipped = "two are enough to show it" if measure == "time" and at > 1 else ""
            outcome = None if skipped else found
            yield Record(Path(), name, {"axis": name}, at == 0, measure, 0, skipped, outcome)


def shown(width: int) -> list[str]:
    heads, rows = broken(HEADS, ROWS, words=1, width=width)
    return [HEADS[at] for at in fitting(heads, rows, words=1, width=width)]


def test_where_there_is_room_all_columns_are_shown() -> None:
    assert shown(200) == list(HEADS)


def test_what_is_the_same_everywhere_goes_first_and_then_the_last() -> None:
    assert shown(50) == [HEADS[0], HEADS[1], HEADS[2], HEADS[4]]
    assert shown(35) == [HEADS[0], HEADS[1], HEADS[2]]


def test_the_names_and_one_number_stay_however_narrow_it_is() -> None:
    assert shown(1) == [HEADS[0], HEADS[1]]


def test_one_row_is_not_the_same_everywhere() -> None:
    heads, rows = broken(HEADS, ROWS[:1], words=1, width=45)
    assert fitting(heads, rows, words=1, width=45) == [0, 1, 2, 3]


def test_headings_are_broken_between_words_and_names_anywhere_if_they_must_be() -> None:
    name = "a-very-long-name-without-a-single-blank-in-it, and=more"
    heads, rows = broken(("variant", "interquartile range (ms)"), [(name, "1")], words=1, width=60)
    assert heads == ["variant", "interquartile\nrange (ms)"]
    assert all(len(line) <= 27 for line in rows[0][0].split("\n"))
    assert "".join(rows[0][0].split()) == "".join(name.split())


@pytest.mark.parametrize("width", [80, PAGE])
def test_the_last_screen_of_a_study_with_many_measures_is_the_golden_one(
    width: int,
    golden: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("segablate.cli.columns.room", lambda: width)
    made_up = [replace(record, folder=tmp_path) for record in records()]
    results.show(page(FACTS, made_up), made_up)
    said = capsys.readouterr()
    assert max(map(len, said.out.splitlines())) <= width
    golden(f"results_{width}.txt", said.out + said.err)


@pytest.mark.parametrize("report", sorted(path.parent for path in REPORTS.rglob("outcomes.jsonl")), ids=str)
def test_the_main_table_of_every_committed_report_fits_on_a_page(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = main_table(FACTS, numbers_of(FACTS, read(report)))
    if table:
        results.show_table(table)
        assert max(map(len, capsys.readouterr().out.splitlines())) <= PAGE
