"""Which columns a terminal gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.cli.columns import fitting

HEADS = ("variant", "cost: GMAC", "cost: GFLOP", "cost: MiB", "time: p50", "time: p95")
ROWS = [("a", "1", "2", "7", "5", "6"), ("b", "2", "4", "7", "6", "7")]


def shown(width: int | None) -> list[str]:
    return [HEADS[at] for at in fitting(HEADS, ROWS, words=1, width=width)]


def test_a_file_and_a_terminal_that_is_wide_enough_get_all() -> None:
    assert shown(None) == shown(200) == list(HEADS)


def test_what_is_the_same_everywhere_goes_first_and_then_the_last_of_whichever_measure_has_most() -> None:
    assert shown(60) == ["variant", "cost: GMAC", "cost: GFLOP", "time: p50", "time: p95"]
    assert shown(50) == ["variant", "cost: GMAC", "cost: GFLOP", "time: p50"]
    assert shown(40) == ["variant", "cost: GMAC", "time: p50"]


def test_the_names_and_one_number_stay_however_narrow_it_is() -> None:
    assert shown(1) == ["variant", "cost: GMAC"]


def test_one_row_is_not_the_same_everywhere() -> None:
    assert fitting(HEADS, ROWS[:1], words=1, width=60) == [0, 1, 2, 4, 5]


def test_a_run_on_a_narrow_terminal_says_that_there_is_more(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = toy_study("one", "three")
    study.write_text(study.read_text().replace("[toy]", "[toy, {use: toy, as: again}]"))
    monkeypatch.setattr("segablate.cli.columns.room", lambda: 30)
    said = segablate("run", study)
    assert "again" not in said.out
    assert "1 more column in the report: the terminal is too narrow" in said.err
