"""Where cells run, how many at a time and for how long, as a person says it."""

from __future__ import annotations

import pytest

from segablate.app.grid import Grid, grid, seconds
from segablate.errors import SegablateError


@pytest.mark.parametrize(
    ("text", "found"), [("3h", 10800), ("90 min", 5400), ("1h30m", 5400), ("0.5d", 43200), ("20s", 20)]
)
def test_a_budget_is_a_time(text: str, found: float) -> None:
    assert seconds(text) == found


@pytest.mark.parametrize("text", ["3", "h", "3 hours", "-3h", " "])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(SegablateError, match="which is no time"):
        seconds(text)


def test_several_jobs_are_done_by_processes_and_only_what_was_said_is_a_setting() -> None:
    assert grid() == Grid("inline", 1, {}, None)
    assert grid("auto") == Grid("processes", "auto", {}, None)
    told = grid("2", "slurm", slurm=["partition=gpu", "comment=a=b"], detach=True, budget="1m")
    assert told == Grid("slurm", 2, {"options": {"partition": "gpu", "comment": "a=b"}, "detach": True}, 60.0)
    assert grid(4, per_gpu=2).settings == {"per_gpu": 2}
