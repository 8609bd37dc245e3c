"""Workers get a GPU of their own, jobs fit on the machine, and groups are divided among workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from segablate.child import THREAD_VARIABLES
from segablate.errors import SegablateError
from segablate.measures.base import Needs
from segablate.run import devices
from segablate.run.devices import VISIBLE, Gpus, gpus, jobs_that_fit, remark
from segablate.run.executors import processes
from segablate.run.executors.base import divided
from segablate.run.executors.processes import Processes
from segablate.run.plan import Group, Plan
from segablate.run.store import Store
from segablate.run.work import Finding, Job

Planned = Callable[..., Plan]


class _Workers:
    """Stands in for processes that compute: each ends when the next look is taken, and says its GPU."""

    def __init__(self) -> None:
        self.running: dict[Any, str | None] = {}
        self.at_once: list[list[str | None]] = []
        self.began: list[tuple[str, str | None, str | None]] = []

    def start(
        self, main: object, group: Group, *_: object, environment: Mapping[str, str], script: bool
    ) -> Any:
        made = type("Process", (), {"pipe": object(), "code": 0})()
        self.running[made] = environment.get(VISIBLE)
        self.began.append((group.measure.use, environment.get(VISIBLE), environment.get(THREAD_VARIABLES[1])))
        return made

    def wait(self, pipes: Any, timeout: float) -> list[Any]:
        self.at_once.append(list(self.running.values()))
        return list(pipes)

    def listen(self, worker: Any, *_: object) -> Iterator[Finding]:
        if worker.process is next(iter(self.running)):
            for cell in worker.group.cells:
                worker.reported.add(cell.key)
                yield Finding(cell, None)
            del self.running[worker.process]
            return True  # type: ignore[return-value]
        return False  # type: ignore[return-value]


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> _Workers:
    made = _Workers()
    monkeypatch.setattr(processes, "start", made.start)
    monkeypatch.setattr(processes, "wait", made.wait)
    monkeypatch.setattr(processes, "_listen", made.listen)
    monkeypatch.setattr(processes, "_end", lambda worker: None)
    monkeypatch.delenv(THREAD_VARIABLES[1], raising=False)
    return made


@pytest.fixture
def computing(fakes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake measure computes on a GPU, and `fake-seeded` does not."""
    monkeypatch.setattr(fakes.Fake, "needs", Needs(gpu="optional"), raising=False)
    monkeypatch.setattr(fakes.FakeSeeded, "needs", Needs(cores=3, divisible=True), raising=False)


def _run(made: Plan, store: Store, device: str, **settings: int) -> list[Finding]:
    job = Job(store.root, device, {})
    return list(Processes(**settings).run(made.groups(), job, store, lambda *_: None))  # type: ignore[arg-type]


@pytest.mark.usefixtures("computing")
@pytest.mark.parametrize(("per_gpu", "most"), [(1, 1), (2, 2)])
def test_no_two_workers_have_the_same_gpu_unless_that_is_asked_for(
    planned: Planned,
    store: Store,
    workers: _Workers,
    monkeypatch: pytest.MonkeyPatch,
    per_gpu: int,
    most: int,
) -> None:
    monkeypatch.setenv(VISIBLE, "0,GPU-7")
    made = planned(*"abcdef", settings="alone: true")
    assert len(_run(made, store, "cuda", jobs=6, per_gpu=per_gpu)) == 6
    assert {gpu for _, gpu, _ in workers.began} == {"0", "GPU-7"}
    assert max(look.count(gpu) for look in workers.at_once for gpu in look) == most
    assert max(map(len, workers.at_once)) == 2 * most


@pytest.mark.usefixtures("computing")
def test_what_needs_no_gpu_overtakes_what_waits_for_one(
    planned: Planned, store: Store, workers: _Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE, "3")
    made = planned("a", "b", settings="alone: true", more="use: fake-seeded, alone: true")
    _run(made, store, "cuda", jobs=3)
    assert workers.began[:3] == [("fake", "3", "1"), ("fake-seeded", None, "3"), ("fake-seeded", None, "3")]
    assert [gpu for use, gpu, _ in workers.began if use == "fake"] == ["3", "3"]


@pytest.mark.usefixtures("computing")
def test_on_a_cpu_no_worker_has_a_gpu_and_each_has_the_threads_it_needs(
    planned: Planned, store: Store, workers: _Workers
) -> None:
    _run(planned("a", more="use: fake-seeded"), store, "cpu", jobs=2)
    assert workers.began == [("fake", None, "1"), ("fake-seeded", None, "3")]


@pytest.mark.usefixtures("computing")
def test_gpus_that_are_hidden_are_told(
    planned: Planned, store: Store, workers: _Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE, "")
    with pytest.raises(SegablateError, match="hides every GPU"):
        _run(planned("a"), store, "cuda", jobs=1)


@pytest.mark.parametrize(
    ("visible", "names"), [("", []), ("-1", []), ("0, 2", ["0", "2"]), ("MIG-a,MIG-b", ["MIG-a", "MIG-b"])]
)
def test_gpus_are_those_that_are_visible(
    monkeypatch: pytest.MonkeyPatch, visible: str, names: list[str]
) -> None:
    monkeypatch.setenv(VISIBLE, visible)
    assert gpus() == names


def test_a_gpu_that_is_given_back_is_lent_again() -> None:
    lent = Gpus(["0", "1"])
    assert [lent.take(), lent.take(), lent.take()] == ["0", "1", None]
    lent.give_back("1")
    assert lent.take() == "1"


@pytest.mark.usefixtures("computing")
@pytest.mark.parametrize(
    ("measure", "device", "jobs"), [("fake", "cpu", 8), ("fake", "cuda", 2), ("fake-seeded", "cpu", 2)]
)
def test_as_many_jobs_fit_as_there_are_gpus_or_cores_and_memory_for(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, measure: str, device: str, jobs: int
) -> None:
    monkeypatch.setenv(VISIBLE, "0,1")
    monkeypatch.setattr(devices, "cores", lambda: 8)
    monkeypatch.setattr(devices, "memory", lambda: 16 * 2**30)
    assert jobs_that_fit(planned("a", measure=measure).groups(), device) == jobs


def test_more_jobs_than_there_is_room_for_are_told(
    planned: Planned, computing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE, "0,1")
    monkeypatch.setattr(devices, "cores", lambda: 2)
    groups = planned(*"abc", settings="alone: true").groups()
    assert remark(2, groups, "cpu") == remark(2, groups, "cuda") == remark(3, groups[:2], "cpu") == ""
    assert remark(3, groups, "cpu") == (
        "`--jobs 3` is more than the 2 cores here: they take turns; `--jobs auto` fits"
    )
    assert remark(3, groups, "cuda") == (
        "`--jobs 3` is more than 2 GPUs with 1 each: what needs one waits; `--per-gpu` lets more share one"
    )


@pytest.mark.usefixtures("computing")
def test_only_what_says_so_is_divided_among_workers(planned: Planned) -> None:
    def sizes(measure: str, workers: int) -> list[int]:
        groups = planned(*"abcde", measure=measure).groups()
        cells = [cell for group in divided(groups, workers) for cell in group.cells]
        assert cells == [cell for group in groups for cell in group.cells]
        return [len(group.cells) for group in divided(groups, workers)]

    assert sizes("fake", 3) == [5]
    assert sizes("fake-seeded", 3) == [2, 1, 2]
    assert sizes("fake-seeded", 9) == [1] * 5


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_measure_that_needs_a_gpu_is_refused_where_there_is_none(
    planned: Planned, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    from segablate.run.plan import plan

    study = planned("a").study
    monkeypatch.setattr(fakes.Fake, "needs", Needs(gpu="required"), raising=False)
    if device == "cuda":
        assert plan(study, device=device).cells
        return
    with pytest.raises(SegablateError, match="measure `fake` needs a GPU, and there is none here") as caught:
        plan(study, device=device)
    assert str(caught.value).startswith(f"{study.path}:8: ")
