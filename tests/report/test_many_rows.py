"""Pages of many cells: what is done for them grows with their number, not with its square."""

from __future__ import annotations

import cProfile
import pstats
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segablate.report import comparisons
from segablate.report.data import read
from segablate.report.page import page


def _calls(fake: Any, folder: Path, strides: int) -> int:
    facts = replace(fake.FACTS, published="")
    records = read(fake.save(folder, fake.study(range(1, strides + 1)), pictures=False) / "data")
    profile = cProfile.Profile()
    profile.runcall(page, facts, records)
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined]  # typeshed lists it not


def test_a_page_of_eight_times_as_many_cells_takes_no_more_than_ten_times_as_many_calls(
    fake: Any, tmp_path: Path
) -> None:
    _calls(fake, tmp_path / "warm", 10)
    few, many = (_calls(fake, tmp_path / str(strides), strides) for strides in (10, 80))
    assert many <= 10 * few


def test_what_is_compared_is_paired_once_a_page(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    between = comparisons.between

    def counted(*given: Any) -> Any:
        asked.append(given)
        return between(*given)

    monkeypatch.setattr(comparisons, "between", counted)
    page(replace(fake.FACTS, published=""), read(fake.save(tmp_path, fake.study(), pictures=False) / "data"))
    assert len(asked) == 1
