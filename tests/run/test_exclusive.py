"""What must have the machine to itself has it, or is left open; nothing is ever timed beside other work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from segablate.machine_lock import FOLDER, shared
from segablate.run.execute import execute
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))


def overlaps(spans: list[tuple[str, float, float]]) -> list[tuple[str, str]]:
    """Pairs of cells that ran at the same time, one of them exclusive."""
    return [
        (one[0], two[0])
        for at, one in enumerate(spans)
        for two in spans[at + 1 :]
        if "FakeExclusive" in (one[0], two[0]) and one[1] < two[2] and two[1] < one[2]
    ]


def test_in_one_run_of_several_jobs_exclusive_cells_come_last_and_one_group_at_a_time(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    more = "use: fake, alone: true, nap: 0.05"
    made = planned("a", "b", measure="fake-exclusive", settings="nap: 0.05", more=more)
    assert execute(made, store, executor="processes", jobs=2).done == 4
    spans = sorted(fakes.spans(), key=lambda span: span[1])
    assert [name for name, *_ in spans] == ["Fake", "Fake", "FakeExclusive", "FakeExclusive"]
    assert overlaps(spans) == []
    assert all(
        (outcome := store.outcome(cell)) and outcome.exclusive == (cell.measure == "fake-exclusive")
        for cell in made.cells
    )


def test_two_runs_at_once_do_not_time_beside_each_other_s_work(
    planned: Planned, store: Store, fakes: ModuleType, tmp_path: Path
) -> None:
    working = planned(*"abcdef", settings="nap: 0.05")
    timing = planned("u", "v", measure="fake-exclusive", settings="nap: 0.05")
    other = threading.Thread(target=execute, args=(working, Store(tmp_path / "other")))
    other.start()
    assert execute(timing, store).done == 2
    other.join()
    spans = fakes.spans()
    assert len(spans) == 8
    assert overlaps(spans) == []


def test_a_timing_that_waited_in_vain_is_left_open_and_says_for_whom(
    planned: Planned, store: Store, fakes: ModuleType, told: list[str]
) -> None:
    made = planned("a", measure="fake-exclusive", more="use: fake")
    with shared("training", lambda message: None):
        summary = execute(made, store, wait=0.1)
    assert (summary.done, summary.failed, summary.open, summary.given_up) == (1, 0, 1, 1)
    assert any("(training) was at work for longer than 0.1 s" in message for message in told)
    assert execute(made, store).done == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"exclusive": False},
        # of before it was recorded: a worker that was one of several had one thread
        {"exclusive": None, "machine": {"threads": 1}},
    ],
)
def test_what_was_timed_beside_other_work_is_timed_again(
    planned: Planned, store: Store, fakes: ModuleType, changed: dict[str, object]
) -> None:
    made = planned("a", measure="fake-exclusive", more="use: fake")
    execute(made, store)
    for cell in made.cells:
        outcome = store.outcome(cell)
        assert outcome is not None
        store.put(cell, replace(outcome, **changed))  # type: ignore[arg-type]
    assert execute(made, store).done == 1
