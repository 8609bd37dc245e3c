"""The data folder of a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segablate.disk.archives import unpack
from segablate.records import Outcome
from segablate.report.data import arrays, read
from segablate.run.collect import MOST_BYTES, _fit, collect
from segablate.run.execute import execute
from segablate.run.plan import Plan
from segablate.run.store import Store

SIZES = {"blocks.npz": 100, "images.npz": 90, "curve.npz": 30}
Planned = Callable[..., Plan]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_row_is_a_line_and_archives_lie_beside(planned: Planned, store: Store, tmp_path: Path) -> None:
    made = planned("a", "files", "raise")
    execute(made, store)
    data = collect(made, store, tmp_path / "reports" / "s")
    lines = [json.loads(line) for line in (data / "outcomes.jsonl").read_text().splitlines()]
    assert [line["variant"] for line in lines] == ["a", "files", "raise"]
    assert [line["baseline"] for line in lines] == [True, False, False]
    assert Outcome.from_json(json.dumps(lines[1]["outcome"])) == store.outcome(made.cells[1])
    kept = f"{made.cells[1].key}-confusion.npz"
    assert sorted(_bytes(data)) == sorted([kept, "outcomes.jsonl"])
    assert np.array_equal(unpack(data / kept)["confusion"], np.eye(3))


def test_the_report_reads_what_was_collected(planned: Planned, store: Store, tmp_path: Path) -> None:
    made = planned("files", "raise")
    execute(made, store)
    records = read(collect(made, store, tmp_path / "s"))
    assert [record.state for record in records] == ["done", "failed"]
    assert np.array_equal(arrays(records[0], "confusion.npz")["confusion"], np.eye(3))


def test_collecting_again_changes_nothing(planned: Planned, store: Store, tmp_path: Path) -> None:
    made = planned("files", "b")
    execute(made, store)
    data = collect(made, store, tmp_path / "s")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()}
    collect(made, store, tmp_path / "s")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()} == before


def test_the_order_of_running_does_not_show(planned: Planned, tmp_path: Path) -> None:
    one, two = Store(tmp_path / "1"), Store(tmp_path / "2")
    made = planned("files-1", "files-2")
    execute(made, one)
    for cell in reversed(made.cells):
        stored = one.outcome(cell)
        assert stored
        two.put(cell, stored, {name: one.artefact(cell, name) for name in ["confusion.npz"]})
    first = _bytes(collect(made, one, tmp_path / "a"))
    assert _bytes(collect(made, two, tmp_path / "b")) == first


def test_a_cell_that_has_not_run_is_a_line_without_an_outcome(
    planned: Planned, store: Store, tmp_path: Path
) -> None:
    data = collect(planned("a"), store, tmp_path / "s")
    assert json.loads((data / "outcomes.jsonl").read_text())["outcome"] is None


def test_archives_of_other_cells_are_removed(planned: Planned, store: Store, tmp_path: Path) -> None:
    for words in (("files",), ("a",)):
        made = planned(*words)
        execute(made, store)
        data = collect(made, store, tmp_path / "s")
    assert sorted(_bytes(data)) == ["outcomes.jsonl"]


def test_the_biggest_archives_are_left_out_and_told(
    planned: Planned, store: Store, told: list[str], tmp_path: Path
) -> None:
    made = planned("files", "big-1", "big-2")
    execute(made, store)
    data = collect(made, store, tmp_path / "s")
    assert sum(map(len, _bytes(data).values())) <= MOST_BYTES
    assert f"{made.cells[0].key}-confusion.npz" in _bytes(data)
    assert len(_bytes(data)) == 3
    assert "left out" in told[-1]
    assert "worst.npz" in told[-1]


def test_of_many_seeds_the_last_are_left_out_for_all_variants(
    planned: Planned, store: Store, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segablate.run.collect.MOST_BYTES", 7_000_000)
    made = planned("big-1", "big-2", measure="fake-seeded", repeat=3)
    execute(made, store)
    data = collect(made, store, tmp_path / "s")
    kept = {cell.key for cell in made.cells if cell.seed in (0, 1)}
    assert {name.partition("-")[0] for name in _bytes(data) if name.endswith(".npz")} == kept
    assert told[-1].count("worst.npz") == 2


def test_what_claims_are_judged_by_stays_for_all_seeds() -> None:
    arrays = {f"{key}-{name}": bytes(size) for key in "ab" for name, size in SIZES.items()}
    left_out: list[str] = []
    _fit(arrays, {"a": 0, "b": 1}, {"a"}, 220, left_out.append)
    assert sorted(arrays) == ["a-blocks.npz", "b-blocks.npz"]
    _fit(arrays, {"a": 0, "b": 1}, {"a"}, 150, left_out.append)
    assert sorted(arrays) == ["a-blocks.npz"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PK")])
def test_an_archive_that_is_lost_is_told_and_the_rest_is_collected(
    planned: Planned, store: Store, told: list[str], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    made = planned("files", "b")
    execute(made, store)
    damage(store.folder(made.cells[0]) / "confusion.npz")
    data = collect(made, store, tmp_path / "s")
    assert sorted(_bytes(data)) == ["outcomes.jsonl"]
    assert "the report does without it" in told[-1]


def test_of_one_seed_the_baselines_archive_is_left_out_last(
    planned: Planned, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("big-1", "big-2")
    execute(made, store)
    whole = _bytes(collect(made, store, tmp_path / "all"))
    sizes = [len(content) for name, content in whole.items() if name.endswith(".npz")]
    monkeypatch.setattr("segablate.run.collect.MOST_BYTES", max(sizes) + 100_000)
    data = collect(made, store, tmp_path / "s")
    (base,) = {row.cell.key for row in made.rows if row.cell and row.variant.baseline}
    assert [name.partition("-")[0] for name in _bytes(data) if name.endswith(".npz")] == [base]


def test_outcomes_that_take_all_the_room_leave_none_for_arrays() -> None:
    arrays, told = {"a-worst.npz": b"x", "a-blocks.npz": b"y"}, list[str]()
    _fit(arrays, {"a": 0}, set(), -1, told.append)
    assert arrays == {}
    assert "`a-worst.npz`, `a-blocks.npz`" in told[0]
