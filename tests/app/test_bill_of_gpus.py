"""For how long GPUs were at work is told from the outcomes of what uses one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from segablate.app.bill import gpu_seconds
from segablate.records import Outcome
from segablate.study.study import MeasureSpec


@pytest.mark.parametrize(
    ("use", "machine", "seconds"),
    [("accuracy", {"gpu": "H200"}, 7200.0), ("accuracy", {}, 0.0), ("complexity", {"gpu": "H200"}, 0.0)],
)
def test_gpu_hours_are_those_of_measures_that_use_one(
    use: str, machine: dict[str, str], seconds: float
) -> None:
    spec = MeasureSpec(use, use, {})
    outcome = Outcome("k", "done", {}, seconds=3600.0, machine=machine)
    rows = [SimpleNamespace(cell=SimpleNamespace(key=key), measure=spec) for key in ("a", "b", "b", "c")]
    stored = {"a": outcome, "b": replace(outcome, status="failed")}
    plan: Any = SimpleNamespace(rows=rows, study=SimpleNamespace(measures=[spec]))
    store: Any = SimpleNamespace(outcome=lambda cell: stored.get(cell.key))
    assert gpu_seconds(plan, store) == seconds
