"""Leases of the dead, of other hosts, of who was stopped for too long, and of nobody knows whom."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from segablate.disk import lease
from segablate.disk.lease import RENEW, STALE, BusyError, Leases, Owner, started
from segablate.run.execute import execute
from segablate.run.plan import Plan, key
from segablate.run.store import Store

Planned = Callable[..., Plan]
ELSEWHERE = {"host": "elsewhere", "kernel": "another"}
MINUTE = 60.0
SHARED = key("cache/shared", 1, {"a": 1}, None)  # of what the fake measure caches


def _leased(store: Store, plan: Plan, age: float = 0.0, **owner: object) -> Path:
    """A lease of the first cell, renewed `age` seconds ago."""
    return _written(store.folder(plan.cells[0]) / "lease", age, **owner)


def _written(path: Path, age: float = 0.0, **owner: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(Owner.here()), **owner}))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def _dead_pid() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.01)


@pytest.mark.parametrize("owner", [{"pid": _dead_pid()}, {"started": "1"}], ids=["gone", "number given out"])
def test_the_lease_of_a_dead_process_of_this_host_is_taken_over_at_once(
    planned: Planned, store: Store, owner: dict[str, object]
) -> None:
    made = planned("a")
    path = _leased(store, made, **owner)
    assert execute(made, store).done == 1
    assert not path.exists()


def test_a_dead_process_that_nobody_has_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        _until(lambda: started(child.pid) is None)
    finally:
        child.wait()


@pytest.mark.parametrize(
    "other", [{"host": "elsewhere"}, {"kernel": "another"}], ids=["other host", "other host of the same name"]
)
@pytest.mark.parametrize(
    ("age", "held"), [(-60 * MINUTE, True), (0.0, True), (9 * MINUTE, True), (11 * MINUTE, False)]
)
def test_the_lease_of_another_host_is_taken_over_when_it_was_not_renewed_for_ten_minutes(
    planned: Planned, store: Store, other: dict[str, object], age: float, held: bool
) -> None:
    made = planned("a")
    _leased(store, made, age, pid=_dead_pid(), **other)
    if held:
        with pytest.raises(BusyError):
            store.lease(made.cells[0])
    else:
        store.lease(made.cells[0]).release()


@pytest.mark.parametrize("wrong", [-7 * MINUTE, 3600.0, 1e9])
def test_this_hosts_clock_has_no_say(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    made = planned("a")
    path = _leased(store, made, **ELSEWHERE)
    real = time.time
    monkeypatch.setattr("segablate.disk.lease.time", SimpleNamespace(**vars(time)))
    monkeypatch.setattr(lease.time, "time", lambda: real() + wrong)
    assert store.holder(made.cells[0])
    os.utime(path, (0, 0))
    assert store.holder(made.cells[0]) is None


def test_a_lease_from_the_future_is_taken_over_when_it_does_not_change_while_it_is_watched(
    tmp_path: Path,
) -> None:
    path = _written(tmp_path / "lease", -3600, **ELSEWHERE)
    leases = Leases(stale=0.3)
    assert leases.holder(path)
    _until(lambda: leases.holder(path) is None)
    assert not path.exists()


def test_a_lease_whose_owners_clock_is_wrong_is_held_while_it_is_renewed(tmp_path: Path) -> None:
    path, leases = _written(tmp_path / "lease", -3600, **ELSEWHERE), Leases(stale=0.3)
    for ahead in range(3600, 3610):
        os.utime(path, (time.time() + ahead, time.time() + ahead))
        assert leases.holder(path)
        time.sleep(0.1)


def test_a_lease_is_renewed_as_long_as_it_is_held_and_no_longer(tmp_path: Path) -> None:
    leases, watched = Leases(renew=0.02, stale=0.5), Leases(stale=0.5)
    path = tmp_path / "lease"
    with leases.take(path) as held:
        first = path.stat().st_mtime_ns
        time.sleep(0.7)
        assert watched.holder(path)
        assert path.stat().st_mtime_ns > first
        assert held.renew()
    assert not path.exists()
    _until(lambda: leases._renewer is None)
    with leases.take(path):  # a new thread for a new lease
        first = path.stat().st_mtime_ns
        _until(lambda: path.stat().st_mtime_ns > first)


def test_minutes_without_renewal_lose_no_lease() -> None:
    # a native call may keep Python's lock for that long
    assert STALE - 2 * RENEW >= 5 * MINUTE


def test_a_lease_that_was_taken_over_is_neither_renewed_nor_given_back_by_who_had_it(tmp_path: Path) -> None:
    path, stopped = tmp_path / "lease", Leases(renew=1e6)
    late = stopped.take(path)
    os.utime(path, (0, 0))
    with Leases().take(path) as ours:
        os.utime(path, (1, 1))
        assert not late.renew()
        assert path.stat().st_mtime == 1
        late.release()
        assert ours.renew()


def test_the_leases_of_a_task_are_ended_by_who_knows_that_it_has_ended_and_no_others(tmp_path: Path) -> None:
    task, other = Leases(sign="a-task"), Leases()
    ended, stays = task.take(tmp_path / "of the task"), other.take(tmp_path / "of another run")
    for path in (ended.path, stays.path):
        Leases().take_away(path, "a-task")
    assert (ended.renew(), stays.renew()) == (False, True)
    for leases in (task, other):
        leases.give_back()


def test_of_many_who_take_over_a_lease_one_gets_it(tmp_path: Path) -> None:
    got: list[lease.Lease] = []
    for round_ in range(20):
        path = _written(tmp_path / f"lease-{round_}", pid=2**31 - 1)
        begin = threading.Barrier(4)

        def take(path: Path = path, begin: threading.Barrier = begin) -> None:
            begin.wait()
            with suppress(BusyError):
                got.append(Leases().take(path))

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # who was pushed out in between knows it when it asks
        assert len([one for one in got if one.path == path and one.renew()]) == 1
    for one in got:
        one.release()


def test_a_lease_that_is_renewed_while_it_is_taken_over_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "lease", 11 * MINUTE, **ELSEWHERE)
    rename = os.rename

    def late(source: Path, target: Path) -> None:
        os.utime(path)
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", late)
        Leases().holder(path)
    assert [one.name for one in tmp_path.iterdir()] == ["lease"]
    assert Leases().holder(path)


@pytest.fixture(
    params=["empty", "half", "list", "no number", "too deep", "foreign", "folder", "link", "pipe"]
)
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A lease that nobody can read."""
    path = tmp_path / "odd" / "lease"
    path.parent.mkdir()
    whole = json.dumps(asdict(Owner.here()))
    text = {
        "empty": "",
        "half": whole[:40],
        "list": "[]",
        "no number": whole.replace(f'"pid": {os.getpid()}', '"pid": "x"'),
        "too deep": "[" * 5000,
        "foreign": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    }.get(request.param)
    if text is not None:
        path.write_text(text, encoding="latin-1")
    elif request.param == "folder":
        (path / "in it").mkdir(parents=True)
    elif request.param == "link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        os.mkfifo(path)
    return path


def test_a_lease_that_cannot_be_read_is_held_until_it_is_stale(odd: Path) -> None:
    with pytest.raises(BusyError, match="another run"):
        Leases().take(odd)
    os.utime(odd, (0, 0), follow_symlinks=False)
    Leases().take(odd).release()
    assert not odd.exists()


def test_a_lease_without_rights_is_held_until_it_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "lease")
    opened = Path.open

    def refused(self: Path, *rest: object, **more: object) -> object:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *rest, **more)  # type: ignore[call-overload]  # whatever it was called with

    with monkeypatch.context() as patched:  # root may read anything
        patched.setattr(Path, "open", refused)
        with pytest.raises(BusyError):
            Leases().take(path)
        os.utime(path, (0, 0))
        assert Leases().holder(path) is None


def test_a_lease_is_waited_for_and_its_outcome_is_taken(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a", "b")
    path = _leased(store, made, **ELSEWHERE)
    other = Store(store.root)

    def meanwhile(seconds: float) -> None:
        path.unlink()
        execute(planned("a"), other)

    monkeypatch.setattr(
        "segablate.run.execute.time", SimpleNamespace(sleep=meanwhile, monotonic=time.monotonic)
    )
    summary = execute(made, store)
    assert (summary.done, summary.reused) == (1, 1)
    assert told == [
        f"process {os.getpid()} on elsewhere is at 1 cell and is waited for; its lease `{path}` is taken "
        "over 10 min after its last renewal, or at once by `run --take-over`"
    ]


def test_a_lease_that_becomes_stale_while_it_is_waited_for_is_taken_over(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a", "b")
    path = _leased(store, made, **ELSEWHERE)
    stale = SimpleNamespace(sleep=lambda seconds: os.utime(path, (0, 0)), monotonic=time.monotonic)
    monkeypatch.setattr("segablate.run.execute.time", stale)
    assert execute(made, store).done == 2
    assert len(told) == 1


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_take_over_ends_the_leases_of_others_at_once(
    planned: Planned, store: Store, told: list[str], fakes: ModuleType, executor: str
) -> None:
    made = planned("cached", "b")
    _leased(store, made, **ELSEWHERE)
    store.cached("shared", {"a": 2}, lambda: {})  # makes the folder
    _written(store.root / "cache" / "shared" / f"{SHARED}.lease", **ELSEWHERE)
    assert execute(made, store, executor=executor, take_over=True).done == 2
    assert sorted(fakes.logged()) == ["b", "built", "cached"]
    assert told == []


def test_whom_cached_waits_for_is_told(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segablate.run.store.QUIET", 0.0)
    path = _written(store.root / "cache" / "shared" / f"{SHARED}.lease", **ELSEWHERE)
    seen = SimpleNamespace(
        sleep=lambda seconds: len(told) and os.utime(path, (0, 0)), monotonic=time.monotonic
    )
    monkeypatch.setattr("segablate.run.store.time", seen)
    assert store.cached("shared", {"a": 1}, lambda: {"a": np.arange(3)})["a"].tolist() == [0, 1, 2]
    assert len(told) == 1
    assert told[0].startswith(
        f"process {os.getpid()} on elsewhere builds `shared`, which several cells use, and is waited for; "
        f"its lease `{path}` is taken over 10 min after"
    )


def test_who_was_stopped_while_it_built_what_is_shared_takes_what_was_built_instead(store: Store) -> None:
    calls: list[int] = []

    def build() -> dict[str, np.ndarray]:
        calls.append(1)
        if len(calls) == 1:
            (path,) = store.root.rglob("*.lease")
            os.utime(path, (0, 0))
            Store(store.root).cached("shared", {"a": 1}, build)
        return {"calls": np.array(len(calls))}

    assert store.cached("shared", {"a": 1}, build)["calls"] == 2
    assert len(calls) == 2
    assert not list(store.root.rglob("*lease"))


OWNER = """
import os, signal, sys
from pathlib import Path
import fake_measures
import segablate.disk.lease as lease
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

lease.socket.gethostname = lambda: "another-host"
store = Store(Path(sys.argv[1]).parent / "runs", leases=lease.Leases(renew=0.1))
got = execute(plan(load(Path(sys.argv[1]))), store)
print(got.done, got.reused, got.failed)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Run the planned study on another host, as far as this one can see."""
    roots = [str(Path(__file__).parents[1] / "run" / "fakes"), str(Path(__file__).parents[2])]
    path = os.pathsep.join([*roots, *filter(None, [os.environ.get("PYTHONPATH")])])
    running: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", OWNER, str(tmp_path / "s.yaml")],
                env={**os.environ, "PYTHONPATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.communicate()


def test_what_a_killed_run_of_another_host_held_is_measured_once_it_is_stale(
    planned: Planned,
    store: Store,
    told: list[str],
    fakes: ModuleType,
    owner: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    made = planned("a", "wait", "b")
    run = owner()
    _until(lambda: "wait" in fakes.logged())
    run.kill()
    run.communicate()
    (tmp_path / "log.go").touch()
    hasty = Store(store.root, told.append, Leases(stale=0.5))
    summary = execute(made, hasty)
    assert (summary.done, summary.reused) == (2, 1)
    assert fakes.logged() == ["a", "wait", "wait", "b"]
    assert [line.partition(" is at ")[0] for line in told] == [f"process {run.pid} on another-host"]


def test_an_owner_that_was_stopped_for_too_long_discards_its_result_and_takes_the_others(
    planned: Planned,
    store: Store,
    told: list[str],
    fakes: ModuleType,
    owner: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    made = planned("wait")
    run = owner()
    _until(lambda: "wait" in fakes.logged())
    run.send_signal(signal.SIGSTOP)
    (tmp_path / "log.go").touch()
    assert execute(made, Store(store.root, told.append, Leases(stale=0.5))).done == 1
    before = (store.stamp(made.cells[0]), store.outcome(made.cells[0]))
    run.send_signal(signal.SIGCONT)
    said, complained = run.communicate(timeout=60)
    assert said == "0 1 0\n"
    assert "is discarded: another run has taken it over" in complained
    assert (store.stamp(made.cells[0]), store.outcome(made.cells[0])) == before
    assert fakes.logged() == ["wait", "wait"]
    assert not list(store.root.rglob("*lease"))


def test_an_owner_that_was_stopped_for_too_long_waits_for_who_has_taken_over(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a")
    other = Leases()
    taken: list[lease.Lease] = []
    put = store.put

    def late(*given: object, **more: object) -> None:
        if not taken:
            path = store.folder(made.cells[0]) / "lease"
            os.utime(path, (0, 0))
            taken.append(other.take(path))
        put(*given, **more)  # type: ignore[arg-type]  # whatever it was called with

    monkeypatch.setattr(store, "put", late)
    gone = SimpleNamespace(sleep=lambda seconds: taken[0].release(), monotonic=time.monotonic)
    monkeypatch.setattr("segablate.run.execute.time", gone)
    assert execute(made, store).done == 1
    assert "is discarded" in told[0]
    assert "is waited for" in told[1]


def test_without_proc_the_start_is_asked_of_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lease._started_elsewhere(_dead_pid()) in (None, "")
    monkeypatch.setattr(lease, "_kernel", lambda: "")
    mine = Owner.here()
    assert not mine.dead
    assert replace(mine, pid=_dead_pid()).dead


class _KilledError(BaseException):
    """What ends a process between two system calls."""


def test_who_is_killed_while_taking_a_lease_leaves_none_of_nobody_knows_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(new: Path, path: Path) -> None:
        assert json.loads(Path(new).read_text())["pid"] == os.getpid()
        raise _KilledError

    monkeypatch.setattr(os, "link", killed)
    with pytest.raises(_KilledError):
        Leases().take(tmp_path / "lease")
    assert Leases().holder(tmp_path / "lease") is None


def test_where_there_are_no_links_a_lease_is_taken_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(new: Path, path: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    with Leases().take(tmp_path / "lease") as held:
        assert held.renew()
        with pytest.raises(BusyError):
            Leases().take(tmp_path / "lease")
    assert list(tmp_path.iterdir()) == []
