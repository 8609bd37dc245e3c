"""The machine's lock: who shares it, who has it alone, and what others may have put in its place."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from segablate.disk.machine_lock import FOLDER, WaitedError, exclusive, shared
from segablate.errors import SegablateError

LONG = 60.0


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    return tmp_path / "locks"


class Holder(threading.Thread):
    """Holds a lock until it is told to give it back."""

    def __init__(self, lock: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(daemon=True)
        self.lock = lock
        self.has = threading.Event()
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        with self.lock():
            self.has.set()
            self.done.wait(LONG)

    def end(self) -> None:
        self.done.set()
        self.join(LONG)


def work() -> AbstractContextManager[None]:
    return shared("training", lambda message: None)


def timing() -> AbstractContextManager[None]:
    return exclusive("latency", LONG, lambda message: None)


def test_work_goes_on_beside_work() -> None:
    with work(), work():
        pass


@pytest.mark.parametrize(("first", "second"), [(work, timing), (timing, work), (timing, timing)])
def test_a_timing_has_the_machine_alone(
    first: Callable[[], AbstractContextManager[None]], second: Callable[[], AbstractContextManager[None]]
) -> None:
    with first():
        other = Holder(second)
        assert not other.has.wait(0.3)
    assert other.has.wait(LONG)
    other.end()


def test_a_timing_that_waits_is_let_in_before_new_work() -> None:
    before = Holder(work)
    assert before.has.wait(LONG)
    first = Holder(timing)
    time.sleep(0.2)
    after = Holder(work)
    assert not after.has.wait(0.3)
    before.end()
    assert first.has.wait(LONG)
    assert not after.has.is_set()
    first.end()
    assert after.has.wait(LONG)
    after.end()


def test_a_timing_says_whom_it_waits_for_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segablate.disk.machine_lock.QUIET", 0.0)
    told: list[str] = []
    with work():
        with pytest.raises(WaitedError) as caught, exclusive("latency", 0.2, told.append):
            pass
        with work():  # it has given the gate back
            pass
    assert caught.value.owner == f"process {os.getpid()} (training)"
    assert told == [
        f"latency waits for process {os.getpid()} (training), 0.2 s at most: "
        "it is timed with nothing of ours beside it"
    ]


def test_work_says_which_timing_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segablate.disk.machine_lock.QUIET", 0.0)
    told: list[str] = []
    with timing():
        other = Holder(lambda: shared("training", told.append))
        time.sleep(0.3)
    assert other.has.wait(LONG)
    other.end()
    assert told == [f"training goes on when process {os.getpid()} (latency) has finished timing"]


def test_what_a_killed_process_held_is_free(locks: Path) -> None:
    program = "import os, signal\nfrom segablate.disk.machine_lock import shared\n"
    program += "with shared('training'):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert len(list(locks.iterdir())) == 2
    with exclusive("latency", 0.0):
        assert [path.name for path in locks.iterdir()] == ["gate"]


def _linked(locks: Path) -> None:
    elsewhere = locks.parent / "elsewhere"
    elsewhere.mkdir()
    locks.symlink_to(elsewhere)


def _writable(locks: Path) -> None:
    locks.mkdir()
    locks.chmod(0o777)


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (_linked, "this cannot be used for locks"),
        (Path.touch, "this cannot be used for locks"),
        (_writable, "others may write to this folder"),
    ],
)
def test_a_folder_that_others_may_have_put_there_is_refused(
    put: Callable[[Path], None], message: str, locks: Path
) -> None:
    put(locks)
    with pytest.raises(SegablateError, match=message) as caught, work():
        pass
    assert caught.value.where == str(locks)
    assert FOLDER in (caught.value.hint or "")


def test_a_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with work():
        pass
    here = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: here + 1)
    with pytest.raises(SegablateError, match="others may write"), work():
        pass


def test_a_link_in_place_of_the_gate_is_not_followed(locks: Path, tmp_path: Path) -> None:
    locks.mkdir(0o700)
    (tmp_path / "mine").write_text("kept")
    (locks / "gate").symlink_to(tmp_path / "mine")
    with pytest.raises(SegablateError, match="cannot be used for locks"), timing():
        pass
    assert (tmp_path / "mine").read_text() == "kept"
