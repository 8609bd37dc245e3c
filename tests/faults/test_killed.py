"""Processes that are killed, interrupted or run at the same time: nothing is lost or done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from segablate.run.execute import execute
from segablate.run.executors.processes import GRACE
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]
RUN = """
import sys
import fake_measures
from pathlib import Path
from segablate.run.execute import Stopped, execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

if __name__ == "__main__":
    study, executor, jobs = sys.argv[1:]
    path = Path(study)
    try:
        got = execute(plan(load(path)), Store(path.parent / "runs"), executor=executor, jobs=int(jobs))
    except Stopped as stopped:
        print("stopped", stopped.summary.done, stopped.summary.open)
        sys.exit(130)
    print(got.done, got.reused, got.failed)
"""
WAYS = pytest.mark.parametrize(("executor", "jobs"), [("inline", 1), ("processes", 2)])


@pytest.fixture
def start(tmp_path: Path) -> Callable[[str, int], subprocess.Popen[str]]:
    """Run the planned study in a process of its own."""
    (tmp_path / "run.py").write_text(RUN)
    roots = [str(Path(__file__).parents[1] / "run" / "fakes"), str(Path(__file__).parents[2])]
    path = os.pathsep.join([*roots, *filter(None, [os.environ.get("PYTHONPATH")])])

    def begin(executor: str, jobs: int) -> subprocess.Popen[str]:
        command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "s.yaml"), executor, str(jobs)]
        return subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that it can be sent a Ctrl-C of its own
        )

    return begin


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 100
    while not true():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


def _alive_in_session(session: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(path.parent.name)
    return found


@WAYS
def test_a_study_killed_in_the_middle_goes_on_where_it_was(
    planned: Planned,
    store: Store,
    fakes: ModuleType,
    start: Callable[[str, int], subprocess.Popen[str]],
    tmp_path: Path,
    executor: str,
    jobs: int,
) -> None:
    made = planned("a", "b", "wait", "c", "d", settings="alone: true")
    running = start(executor, jobs)
    _until(lambda: "wait" in fakes.logged() and store.outcome(made.cells[1]) is not None)
    running.kill()
    running.communicate()
    _until(lambda: not _alive_in_session(running.pid))
    before = fakes.logged()
    done = {cell.reads["word"] for cell in made.cells if store.outcome(cell)}
    (tmp_path / "log.go").touch()
    summary = execute(made, store)
    assert {"a", "b"} <= done
    assert summary.reused == len(done)
    assert summary.done == 5 - len(done)
    assert sorted(fakes.logged()[len(before) :]) == sorted({"a", "b", "c", "d", "wait"} - done)
    assert not list(store.root.rglob("*lease"))


@WAYS
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_the_workers_and_keeps_what_is_done(
    planned: Planned,
    store: Store,
    fakes: ModuleType,
    start: Callable[[str, int], subprocess.Popen[str]],
    executor: str,
    jobs: int,
    whole_group: bool,
) -> None:
    made = planned("a", "wait", "wait-2", "b", settings="alone: true")
    running = start(executor, jobs)
    _until(lambda: "wait" in fakes.logged() and store.outcome(made.cells[0]) is not None)
    if executor == "processes":
        _until(lambda: "wait-2" in fakes.logged())
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGINT)
    said, complained = running.communicate(timeout=100)
    assert (running.returncode, said) == (130, "stopped 1 3\n")
    assert "Traceback" not in complained
    _until(lambda: not _alive_in_session(running.pid))
    assert not list(store.root.rglob("*lease"))
    assert not list(store.root.rglob("*.tmp"))


def test_a_worker_that_is_ended_while_python_drops_exceptions_ends_without_a_word(
    planned: Planned, store: Store, fakes: ModuleType, start: Callable[[str, int], subprocess.Popen[str]]
) -> None:
    planned("destroy")
    running = start("processes", 1)
    _until(lambda: "destroy" in fakes.logged())
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    said, complained = running.communicate(timeout=100)
    assert (said, complained) == ("stopped 0 1\n", "")
    assert time.monotonic() - began < GRACE  # it was not killed
    assert not list(store.root.rglob("claim"))


# with worker processes `test_two_runs.py` shows it
def test_two_runs_at_once_share_the_work(
    planned: Planned, store: Store, fakes: ModuleType, start: Callable[[str, int], subprocess.Popen[str]]
) -> None:
    words = [f"w-{number}" for number in range(6)]
    planned(*words, settings="alone: true, nap: 0.15")
    runs = [start("inline", 1) for _ in range(2)]
    counts = [[int(number) for number in run.communicate(timeout=100)[0].split()] for run in runs]
    assert sorted(fakes.logged()) == words
    assert [done + reused for done, reused, _ in counts] == [6, 6]
    assert counts[0][0] + counts[1][0] == 6


def test_a_killed_worker_fails_its_cell_and_the_rest_go_on(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    made = planned("a", "kill", "b", "exit", "c")
    summary = execute(made, store, executor="processes")
    assert (summary.done, summary.failed) == (3, 2)
    assert [(cell.reads["word"], reason) for cell, reason in summary.failures] == [
        ("kill", "the process was killed by SIGKILL: the system does so when memory runs out"),
        ("exit", "the process ended with exit code 7 before the cell was measured"),
    ]
    assert fakes.logged() == ["a", "kill", "b", "exit", "c"]
    assert not list(store.root.rglob("*lease"))


def test_a_group_that_is_killed_again_and_again_is_given_up(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    summary = execute(planned("kill-1", "kill-2", "kill-3", "kill-4"), store, executor="processes")
    assert summary.failed == 4
    assert fakes.logged() == ["kill-1", "kill-2"]


def test_a_killed_worker_takes_nothing_with_it_when_several_run(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    made = planned("kill", "a", "b", "c", settings="alone: true")
    summary = execute(made, store, executor="processes", jobs=2)
    assert (summary.done, summary.failed) == (3, 1)
    again = execute(made, store, executor="processes")
    assert (again.done, again.reused, again.failed) == (0, 3, 1)
    assert sorted(fakes.logged()) == ["a", "b", "c", "kill", "kill"]
