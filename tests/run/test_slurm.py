"""SLURM by submitit, whose local executor stands in for the cluster."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from segablate.errors import SegablateError
from segablate.run.execute import Stopped, execute
from segablate.run.executors import remote, slurm
from segablate.run.plan import Plan
from segablate.run.store import Store
from segablate.run.work import Job

Planned = Callable[..., Plan]
submitit = pytest.importorskip("submitit")
LOCAL = {"cluster": "local"}


@pytest.fixture(autouse=True)
def carried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CARRIED", ("SEGABLATE_", "FAKE_"))
    monkeypatch.setattr(slurm, "LOOK", 0.05)


def test_each_group_is_a_task_one_that_is_killed_fails_its_cell_and_the_rest_go_on(
    planned: Planned, store: Store, fakes: ModuleType, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # on another host nobody but SLURM can tell that a process has ended
    monkeypatch.setenv("FAKE_HOST", "elsewhere")
    # in one run, for each task is a new Python: one is killed, one is on a host whose clock is off
    made = planned("a", "kill", "clock", settings="alone: true")
    summary = execute(made, store, executor="slurm", settings=LOCAL)
    assert (summary.done, summary.failed) == (2, 1)
    assert sorted(fakes.logged()) == ["a", "clock", "kill"]
    assert summary.failures[0][1].startswith(
        "the task of SLURM ended before the cell was measured (finished)"
    )
    assert not list(store.root.rglob("lease"))
    assert told == []


def test_a_task_that_runs_out_of_time_is_queued_again_and_goes_on(
    planned: Planned, store: Store, fakes: ModuleType, tmp_path: Path
) -> None:
    made = planned("a", "restart")
    begun = tmp_path / "log.begun"

    def time_is_up() -> None:
        while not (begun.exists() and begun.read_text()):
            time.sleep(0.02)
        os.kill(int(begun.read_text()), signal.SIGUSR2)  # as SLURM does a minute before the end

    threading.Thread(target=time_is_up, daemon=True).start()
    summary = execute(made, store, executor="slurm", settings=LOCAL)
    assert (summary.done + summary.reused, summary.failed) == (2, 0)
    assert fakes.logged() == ["a", "restart", "restart"]


def test_ctrl_c_cancels_what_is_queued(
    planned: Planned, store: Store, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("wait")

    def interrupt(seconds: float) -> None:
        if seconds == slurm.LOOK and fakes.logged():
            raise KeyboardInterrupt
        time.sleep(seconds)

    monkeypatch.setattr(slurm, "time", SimpleNamespace(sleep=interrupt))
    with pytest.raises(Stopped):
        execute(made, store, executor="slurm", settings=LOCAL)
    assert store.holder(made.cells[0]) is None


def test_a_detached_run_leaves_its_tasks_and_says_how_to_come_back(
    planned: Planned, store: Store, told: list[str]
) -> None:
    made = planned("a")
    summary = execute(made, store, executor="slurm", settings={**LOCAL, "detach": True})
    assert summary.open == 1
    assert told[0].startswith("1 tasks are queued as ")
    while not store.outcome(made.cells[0]):
        time.sleep(0.05)
    assert execute(made, store).reused == 1


def test_a_node_without_the_store_or_with_another_version_says_so(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LONGEST_LAG", 0.0)
    given = remote.remote_job(
        planned("a").groups()[0], Job(store.root, "cpu", {}), remote.identity(store.root)
    )
    assert remote.perform(given).error is None
    other = remote.perform(replace(given, store="another")).error
    assert other is not None
    assert other.message.endswith("does not have this store")
    assert other.where == str(store.root)
    newer = remote.perform(replace(given, version="9")).error
    assert newer is not None
    assert newer.message.endswith(f"has segablate {given.version}, and this is 9")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partitoin": "gpu"}, "`sbatch` has no option `partitoin`"),
        ({"setup": "x"}, "`sbatch` has no option `setup`"),
        ({"time": "soon"}, "`time` is `soon`, which is no time"),
    ],
)
def test_options_that_sbatch_does_not_have_are_told(
    planned: Planned, store: Store, options: dict[str, str], message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), store, executor="slurm", settings={**LOCAL, "options": options})
    assert caught.value.message == message


def test_where_there_is_no_slurm_that_is_told(planned: Planned, store: Store) -> None:
    with pytest.raises(SegablateError, match="there is no SLURM here"):
        execute(planned("a"), store, executor="slurm")


def test_without_the_extra_its_name_is_told(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), store, executor="slurm")
    assert caught.value.hint == "pip install 'segablate[slurm]'"


@pytest.mark.parametrize(
    ("text", "found"), [("90", 90), ("1:30", 2), ("1:30:00", 90), ("0:00:10", 1), ("2-12:00:00", 3600)]
)
def test_times_are_those_of_sbatch(text: str, found: int) -> None:
    assert slurm.minutes(text) == found


def test_an_array_asks_for_what_its_measure_needs(planned: Planned, store: Store) -> None:
    groups = planned("threads", measure="fake-exclusive").groups()
    given = slurm.Slurm(jobs=3, options={"partition": "gpu", "time": "2:00:00"}, cluster="local")
    queue = slurm._Queue(submitit, given, Job(store.root, "cpu", {}), store)
    assert queue._resources(groups[0].needs) == {
        "name": "segablate",
        "cpus_per_task": 2,
        "mem_gb": 2.0,
        "timeout_min": 120,
        "slurm_partition": "gpu",
        "slurm_array_parallelism": 3,
    }
