"""Damaged files, a full disk and a store that cannot be written to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from segablate.disk import locked
from segablate.errors import SegablateError
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_an_outcome_cut_short_is_set_aside_told_and_measured_again(
    planned: Planned, store: Store, told: list[str], fakes: ModuleType, part: float
) -> None:
    made = planned("a", "b", "c")
    execute(made, store)
    path = store.folder(made.cells[1]) / "outcome.json"
    half = path.read_bytes()[: int(part * path.stat().st_size)]
    path.write_bytes(half)
    summary = execute(made, store)
    assert (summary.done, summary.reused) == (1, 2)
    assert fakes.logged() == ["a", "b", "c", "b"]
    assert path.with_name("outcome.json.broken-1").read_bytes() == half
    assert told == [
        f"{path}: this is not an outcome of schema `segablate/1`; it is kept as `outcome.json.broken-1`"
    ]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"null", b"[1]", b'{"schema": "segablate/0"}', b"\0" * 4096]
)
def test_what_is_not_an_outcome_is_never_trusted(
    planned: Planned, store: Store, told: list[str], content: bytes
) -> None:
    made = planned("a")
    execute(made, store)
    path = store.folder(made.cells[0]) / "outcome.json"
    path.write_bytes(content)
    assert explain(made, store)[0][1].status.startswith("missing")
    assert path.with_name("outcome.json.broken-1").read_bytes() == content
    assert len(told) == 1


def test_the_outcome_of_another_cell_is_never_trusted(
    planned: Planned, store: Store, told: list[str]
) -> None:
    made = planned("a", "b")
    execute(made, store)
    first, second = (store.folder(cell) / "outcome.json" for cell in made.cells)
    second.write_bytes(first.read_bytes())
    assert execute(made, store).done == 1
    assert f"this is the outcome of cell `{made.cells[0].key}`" in told[0]


def test_what_is_put_while_a_damaged_outcome_is_set_aside_stays(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a")
    execute(made, store)
    path = store.folder(made.cells[0]) / "outcome.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    rename = os.rename

    def late(source: Path, target: Path) -> None:
        path.with_name("new").write_bytes(whole)
        os.replace(path.with_name("new"), path)
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", late)
        store.outcome(made.cells[0])
    assert path.read_bytes() == whole
    assert told == []
    assert [file.name for file in path.parent.iterdir()] == ["outcome.json"]


def test_files_set_aside_are_never_written_over(planned: Planned, store: Store) -> None:
    made = planned("a")
    path = store.folder(made.cells[0]) / "outcome.json"
    path.parent.mkdir(parents=True)
    for number in (1, 2):
        path.write_text(str(number))
        store.outcome(made.cells[0])
        assert path.with_name(f"outcome.json.broken-{number}").read_text() == str(number)


def _refusing(monkeypatch: pytest.MonkeyPatch, call: str, code: int, when: Callable[[str], bool]) -> None:
    """Let a system call fail for the paths that `when` names."""
    real = getattr(os, call)

    def refuse(target: Any, *rest: Any, **more: Any) -> Any:
        path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else os.fspath(target)
        if when(str(path)):
            raise OSError(code, os.strerror(code), str(path))
        return real(target, *rest, **more)

    monkeypatch.setattr(os, call, refuse)


@pytest.mark.parametrize(
    ("call", "code"),
    [("fsync", errno.ENOSPC), ("fsync", errno.EDQUOT), ("open", errno.ENOSPC), ("replace", errno.ENOSPC)],
)
def test_a_full_disk_is_told_and_nothing_finished_is_lost(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch, fakes: ModuleType, call: str, code: int
) -> None:
    made = planned("a", "files", "b")
    at = store.folder(made.cells[1])
    with monkeypatch.context() as broken:
        _refusing(broken, call, code, lambda path: path.startswith(f"{at}{os.sep}") and path.endswith(".tmp"))
        with pytest.raises(SegablateError) as caught:
            execute(made, store)
    assert caught.value.where is not None
    assert caught.value.where.startswith(str(at))
    assert caught.value.message == f"cannot be written: {os.strerror(code).lower()}"
    assert caught.value.hint == "make room and run it again: what was finished is kept"
    assert store.outcome(made.cells[0])
    assert sorted(path.name for path in at.iterdir()) == []
    assert execute(made, store).done == 2
    assert fakes.logged() == ["a", "files", "files", "b"]


def test_a_trace_that_finds_no_room_fails_its_cell_and_not_the_run(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("raise", "a")
    _refusing(monkeypatch, "fsync", errno.ENOSPC, lambda path: ".traceback.txt." in path)
    summary = execute(made, store)
    assert (summary.done, summary.failed) == (1, 1)
    outcome = store.outcome(made.cells[0])
    assert outcome is not None
    assert (outcome.reason, outcome.artefacts) == ("ValueError: the dog ate it", ())
    assert [path.name for path in store.folder(made.cells[0]).iterdir()] == ["outcome.json"]


def test_a_run_sweeps_what_killed_ones_left_where_nobody_works(planned: Planned, store: Store) -> None:
    folders = {name: store.workspace("training", {"of": name}) for name in ("dead", "alive")}
    for folder in folders.values():
        (folder / ".checkpoint.pt.7-abc.tmp").write_bytes(b"half")
        (folder / ".lock").touch()
    with locked(folders["alive"] / ".lock"):
        execute(planned("a"), store)
    left = {name: [path.name for path in folder.glob(".*.tmp")] for name, folder in folders.items()}
    assert left == {"dead": [], "alive": [".checkpoint.pt.7-abc.tmp"]}


def test_a_full_disk_leaves_the_old_outcome_when_measuring_anew(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("files")
    execute(made, store)
    before = {path.name: path.read_bytes() for path in store.folder(made.cells[0]).iterdir()}
    with monkeypatch.context() as broken:
        _refusing(broken, "fsync", errno.ENOSPC, lambda path: ".outcome.json" in path)
        with pytest.raises(SegablateError):
            execute(made, store, only="all")
    assert {path.name: path.read_bytes() for path in store.folder(made.cells[0]).iterdir()} == before


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_store_that_cannot_be_written_to_is_told_before_anything_is_measured(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch, fakes: ModuleType, code: int
) -> None:
    made = planned("a")
    for call in ("mkdir", "open"):
        _refusing(monkeypatch, call, code, lambda path: path.startswith(str(store.root)))
    with pytest.raises(SegablateError) as caught:
        execute(made, store)
    assert str(caught.value).startswith(str(store.root))
    assert caught.value.hint == "choose another place with `--store`"
    assert fakes.logged() == []


def test_a_damaged_file_in_a_read_only_store_is_told_and_not_used(
    planned: Planned, store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a")
    execute(made, store)
    path = store.folder(made.cells[0]) / "outcome.json"
    path.write_text("{")
    _refusing(monkeypatch, "rename", errno.EROFS, lambda path: True)
    assert store.outcome(made.cells[0]) is None
    assert told[0].endswith("it is not used")
    assert path.read_text() == "{"


def test_a_store_that_a_worker_cannot_write_to_is_told_as_it_is_here(
    planned: Planned, tmp_path: Path, fakes: ModuleType
) -> None:
    (tmp_path / "runs").write_text("a file, not a folder")
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), Store(tmp_path / "runs"), executor="processes")
    assert str(caught.value).startswith(str(tmp_path / "runs"))
    assert fakes.logged() == []
