"""The fault campaign in the small, and what it has counted in the large."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segablate.run.executors.base import executors

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "reports" / "faults"
WRONG = ("lost", "doubled", "orphans", "different")


def _campaign(out: Path, *options: str) -> dict[str, object]:
    command = [sys.executable, str(Path(__file__).with_name("campaign.py")), "--out", str(out), *options]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.DEVNULL)
    return dict(json.loads(out.read_text()))


@pytest.mark.parametrize(
    ("executor", "kills"),
    [
        ("inline", 5),
        # its workers take half a minute of both cores; what kills do to them is told by `test_killed.py`
        pytest.param("processes", 1, marks=pytest.mark.exhaustive),
    ],
)
def test_runs_that_are_killed_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, executor: str, kills: int
) -> None:
    found = _campaign(
        tmp_path / "campaign.json", "--executors", executor, "--kills", str(kills), "--seed", "7"
    )
    assert found["kills"] >= kills  # type: ignore[operator]
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["bitwise"] is True


def test_a_campaign_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    out = tmp_path / "campaign.json"
    first = _campaign(out, "--executors", "inline", "--kills", "1")
    again = _campaign(out, "--executors", "inline", "--kills", str(int(str(first["kills"])) + 1))
    assert (again["kills"] > first["kills"], again["rounds"]) == (True, 2)  # type: ignore[operator]


def test_the_committed_campaign_lost_nothing_on_one_commit_with_every_executor() -> None:
    found = json.loads((KEPT / "campaign.json").read_text(encoding="utf-8"))
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["bitwise"] is True
    assert (len(found["by_commit"]), set(found["by_executor"])) == (1, set(executors.names()))
