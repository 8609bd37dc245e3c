"""The store: whole files, leases, files that cannot be trusted."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segablate.disk import write
from segablate.disk.archives import pack, unpack
from segablate.disk.lease import BusyError
from segablate.errors import SegablateError
from segablate.records import Measurement, Outcome
from segablate.report.data import unpack as of_report
from segablate.run.plan import Cell
from segablate.run.store import Store

CELL = Cell("0123456789abcdef0123", "fake", {"a": 1}, None)
DONE = Outcome(CELL.key, "done", CELL.reads, (Measurement("miou", (0.5,), "of nothing"),))


def test_an_outcome_comes_back_as_it_was_put(store: Store) -> None:
    store.put(CELL, DONE)
    assert store.outcome(CELL) == DONE
    assert list(store.outcomes("fake")) == [DONE]


def test_a_store_that_is_not_there_is_empty(store: Store) -> None:
    assert store.outcome(CELL) is None
    assert store.stamp(CELL) is None
    assert list(store.outcomes("fake")) == []
    assert not store.root.exists()


def test_arrays_come_back_as_they_were_put(store: Store) -> None:
    arrays = {"b": np.arange(6, dtype=np.uint16).reshape(2, 3), "a": np.array("name")}
    store.put(CELL, DONE, {"c.npz": arrays})
    back = store.artefact(CELL, "c.npz")
    assert sorted(back) == ["a", "b"]
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)


def test_files_of_an_outcome_that_is_replaced_are_removed(store: Store) -> None:
    failed = Outcome(CELL.key, "failed", CELL.reads, reason="r", artefacts=("traceback.txt",))
    store.put(CELL, failed, {"traceback.txt": b"t"})
    store.put(CELL, DONE)
    assert [path.name for path in store.folder(CELL).iterdir()] == ["outcome.json"]


def test_a_stamp_changes_with_every_outcome(store: Store) -> None:
    store.put(CELL, DONE)
    before = store.stamp(CELL)
    store.put(CELL, DONE)
    assert None is not before != store.stamp(CELL)


@pytest.mark.parametrize("name", ["../a.npz", "a/b.npz", "", ".hidden"])
def test_a_file_cannot_leave_its_cell(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        store.put(CELL, DONE, {name: b""})


def test_arrays_go_into_archives_only(store: Store) -> None:
    with pytest.raises(ValueError, match="npz"):
        store.put(CELL, DONE, {"a.csv": {"a": np.zeros(1)}})


def test_an_archive_is_the_same_bytes_whatever_the_order() -> None:
    a, b = np.zeros((2, 2)), np.arange(3)
    assert pack({"a": a, "b": b}) == pack({"b": b, "a": a})


def test_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        pack({"a": np.array([object()])})
    np.savez(tmp_path / "a.npz", a=np.array([{"pickled": True}]))
    with pytest.raises(SegablateError, match="not a whole archive"):
        unpack(tmp_path / "a.npz")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_an_archive_cut_short_is_an_error_with_its_name(tmp_path: Path, part: float) -> None:
    whole = pack({"a": np.arange(1000)})
    (tmp_path / "a.npz").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(SegablateError, match=r"a\.npz: this is not a whole archive"):
        unpack(tmp_path / "a.npz")


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.npy", bytes(1000))
    content = (tmp_path / "a.npz").read_bytes()
    # what the list at the end says of each entry's size, which is what is read at most
    size = (1000).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(content.replace(size, (1 << 30).to_bytes(4, "little")))
    for read in (unpack, lambda path: of_report(path, str(path))):
        with pytest.raises(SegablateError, match=r"a\.npz: this archive holds 3\.0 GiB, and what holds more"):
            read(tmp_path / "a.npz")


def test_files_get_their_names_only_when_all_are_on_the_disk(tmp_path: Path) -> None:
    seen: list[str] = []
    write(tmp_path, {"a": b"1", "b": b"2"}, ready=lambda: seen.extend(p.suffix for p in tmp_path.iterdir()))
    assert seen == [".tmp", ".tmp"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_lease_is_held_by_one_and_given_back(store: Store) -> None:
    with store.lease(CELL):
        with pytest.raises(BusyError):
            store.lease(CELL)
        assert store.holder(CELL)
    assert store.holder(CELL) is None
    store.lease(CELL).release()


def test_a_lease_is_taken_by_one_of_many(store: Store) -> None:
    got: list[bool] = []

    def take() -> None:
        try:
            store.lease(CELL)
            got.append(True)
        except BusyError:
            got.append(False)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


def test_what_a_killed_writer_left_goes_with_the_next_lease(store: Store) -> None:
    store.put(CELL, DONE)
    (store.folder(CELL) / ".outcome.json.1-ab.tmp").write_bytes(b"half")
    store.lease(CELL).release()
    assert [path.name for path in store.folder(CELL).iterdir()] == ["outcome.json"]


def _builder(calls: list[int]) -> Callable[[], dict[str, np.ndarray]]:
    def build() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"w": np.arange(4.0)}

    return build


def test_what_is_cached_is_built_once_for_equal_inputs(store: Store) -> None:
    calls: list[int] = []
    for reads in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        assert store.cached("w", reads, _builder(calls))["w"].tolist() == [0, 1, 2, 3]
    store.cached("w", {"a": 2}, _builder(calls))
    assert len(calls) == 2


def test_a_damaged_cache_file_is_set_aside_and_built_again(store: Store, told: list[str]) -> None:
    calls: list[int] = []
    store.cached("w", {}, _builder(calls))
    (path,) = store.root.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:50])
    assert store.cached("w", {}, _builder(calls))["w"].tolist() == [0, 1, 2, 3]
    assert len(calls) == 2
    assert path.with_name(f"{path.name}.broken-1").exists()
    assert "kept as" in told[0]


def test_an_outcome_that_is_just_being_replaced_is_not_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(CELL, DONE)

    def gone(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", gone)
    assert store.outcome(CELL) is None
