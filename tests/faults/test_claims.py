"""Claims of the dead, of other hosts, and of nobody knows whom."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from segablate.run import claims
from segablate.run.claims import BusyError, Owner, started
from segablate.run.execute import execute
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


def _claimed(store: Store, plan: Plan, **owner: object) -> Path:
    folder = store.folder(plan.cells[0])
    folder.mkdir(parents=True)
    here = {"host": socket.gethostname(), "pid": os.getpid(), "started": started(os.getpid())}
    (folder / "claim").write_text(json.dumps({**here, **owner}))
    return folder / "claim"


def _dead_pid() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_the_claim_of_a_dead_process_is_taken_over(planned: Planned, store: Store, fakes: ModuleType) -> None:
    made = planned("a")
    claim = _claimed(store, made, pid=_dead_pid())
    assert execute(made, store).done == 1
    assert not claim.exists()


def test_the_claim_of_a_process_whose_number_was_given_out_again_is_taken_over(
    planned: Planned, store: Store
) -> None:
    made = planned("a")
    _claimed(store, made, started="another boot/1")
    assert execute(made, store).done == 1


def test_a_dead_process_that_nobody_has_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        limit = time.monotonic() + 30
        while started(child.pid) is not None:
            assert time.monotonic() < limit
            time.sleep(0.02)
    finally:
        child.wait()


def test_the_claim_of_another_host_is_taken_at_its_word(planned: Planned, store: Store) -> None:
    made = planned("a")
    _claimed(store, made, host="elsewhere", pid=_dead_pid())
    with pytest.raises(BusyError, match="elsewhere"):
        store.claim(made.cells[0])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": "h"}', '{"host": "h", "pid": "x", "started": ""}'])
def test_a_claim_that_cannot_be_read_is_held_while_it_is_young_only(
    planned: Planned, store: Store, text: str
) -> None:
    made = planned("a")
    claim = _claimed(store, made)
    claim.write_text(text)
    with pytest.raises(BusyError):
        store.claim(made.cells[0])
    os.utime(claim, (0, 0))
    store.claim(made.cells[0]).release()


def test_a_claim_is_waited_for_and_its_outcome_is_taken(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a", "b")
    claim = _claimed(store, made)
    other = Store(store.root)

    def meanwhile(seconds: float) -> None:
        claim.unlink()
        execute(planned("a"), other)

    monkeypatch.setattr("segablate.run.execute.time", SimpleNamespace(sleep=meanwhile))
    summary = execute(made, store)
    assert (summary.done, summary.reused) == (1, 1)
    assert len(told) == 1
    assert f"process {os.getpid()} on {socket.gethostname()} is at 1 of the cells" in told[0]
    assert str(claim) in told[0]


def test_a_claim_that_dies_while_it_is_waited_for_is_taken_over(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a", "b")
    claim = _claimed(store, made)
    dead = json.dumps({"host": socket.gethostname(), "pid": _dead_pid(), "started": "x"})
    dies = SimpleNamespace(sleep=lambda seconds: claim.write_text(dead))
    monkeypatch.setattr("segablate.run.execute.time", dies)
    assert execute(made, store).done == 2


def test_without_proc_the_start_is_asked_of_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_boot", lambda: "")
    assert claims._started_elsewhere(_dead_pid()) in (None, "")
    assert Owner.here().alive
