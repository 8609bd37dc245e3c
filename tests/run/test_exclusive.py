"""What must have the machine to itself has it, or is left open; nothing is ever timed beside other work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import segablate
from segablate.disk.machine_lock import FOLDER, shared
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]
RUN = """
import sys
from pathlib import Path
import fake_measures
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

if __name__ == "__main__":
    study, store, jobs = sys.argv[1:]
    done = execute(plan(load(Path(study))), Store(Path(store)), executor="processes", jobs=int(jobs))
    print(done.done, done.failed, done.open)
"""


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


def test_two_processes_that_run_both_kinds_time_nothing_beside_other_work(
    planned: Planned, fakes: ModuleType, tmp_path: Path
) -> None:
    more = "use: fake, alone: true, nap: 0.1"
    planned("a", "b", measure="fake-exclusive", settings="nap: 0.05", more=more)
    roots = [str(Path(fakes.__file__).parent), str(Path(segablate.__file__).parents[1])]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(roots)}
    (tmp_path / "run.py").write_text(RUN)
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "s.yaml")]
    runs = [
        subprocess.Popen([*command, str(tmp_path / f"runs-{jobs}"), jobs], env=here, stdout=subprocess.PIPE)
        for jobs in ("1", "2")
    ]
    assert [run.communicate(timeout=200)[0] for run in runs] == [b"4 0 0\n"] * 2
    assert len(fakes.spans()) == 8
    assert overlaps(fakes.spans()) == []


def test_waiting_is_not_counted_as_work(planned: Planned, store: Store, fakes: ModuleType) -> None:
    made = planned("a", measure="fake-exclusive", more="use: fake")
    training = ExitStack()
    training.enter_context(shared("training", lambda message: None))
    threading.Timer(2.0, training.close).start()
    assert execute(made, store).done == 2
    assert all(outcome.seconds < 1 for cell in made.cells if (outcome := store.outcome(cell)))


def test_a_timing_has_the_threads_of_its_key_and_other_workers_one(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    made = planned("threads", measure="fake-exclusive", more="use: fake")
    assert execute(made, store, executor="processes", jobs=2).done == 2
    found = {cell.measure: outcome for cell in made.cells if (outcome := store.outcome(cell))}
    assert found["fake-exclusive"].reads["threads"] == 2
    for name, threads in (("fake-exclusive", 2), ("fake", 1)):
        assert (found[name].machine["threads"], found[name].value("miou")) == (threads, threads)


@pytest.mark.parametrize(("executor", "wait"), [("inline", 0.0), ("inline", 0.2), ("processes", 0.2)])
def test_a_timing_that_waited_in_vain_is_left_open_and_says_for_whom(
    planned: Planned, store: Store, fakes: ModuleType, told: list[str], executor: str, wait: float
) -> None:
    made = planned("a", measure="fake-exclusive", more="use: fake", repeat=2)
    with shared("training", lambda message: None):
        summary = execute(made, store, executor=executor, wait=wait)
    assert (summary.done, summary.failed, summary.open, summary.given_up) == (1, 0, 2, 2)
    owner = f"process {os.getpid()} (training)"
    said = (
        f"{owner} was at work for longer than {wait:g} s: what must have the machine to itself is left open"
    )
    assert told == [said]
    assert not list(store.root.rglob("claim"))
    assert execute(made, store).done == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"exclusive": False},
        # of before it was recorded: a worker that was one of several had one thread
        {"exclusive": None, "machine": {"threads": 1}},
        {"exclusive": None, "facts": {"flags": [{"name": "load"}]}},
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
    told = {cell.measure: state.status for cell, state in explain(made, store)}
    again = "missing: it was taken beside other work, and is taken again"
    assert told == {"fake-exclusive": again, "fake": "done"}
    assert execute(made, store).done == 1
    assert execute(made, store).done == 0


@pytest.mark.parametrize("facts", [{}, {"flags": [{"name": "noise"}]}])
def test_a_time_of_before_with_nothing_against_it_stays(
    planned: Planned, store: Store, fakes: ModuleType, facts: dict[str, object]
) -> None:
    made = planned("a", measure="fake-exclusive")
    execute(made, store)
    outcome = store.outcome(made.cells[0])
    assert outcome is not None
    store.put(made.cells[0], replace(outcome, exclusive=None, facts=facts, machine={}))
    assert execute(made, store).done == 0
