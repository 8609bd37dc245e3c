"""A fresh checkout has nothing to measure where a committed report holds the very same cells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from segablate.measures.base import measures
from segablate.run.collect import collect
from segablate.run.execute import execute
from segablate.run.plan import Plan
from segablate.run.reuse import take_over
from segablate.run.store import Store

Planned = Callable[..., Plan]


@pytest.fixture
def portable(fakes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fakes.Fake, "portable", True, raising=False)


@pytest.fixture
def report(planned: Planned, store: Store, tmp_path: Path) -> Path:
    """The report of a run on another machine, whose arrays are kept."""
    made = planned("a", "files", "raise")
    execute(made, store)
    folder = tmp_path / "reports" / "s"
    collect(made, store, folder)
    return folder


@pytest.fixture
def fresh(tmp_path: Path, told: list[str]) -> Store:
    return Store(tmp_path / "fresh", told.append)


def lines(folder: Path) -> Iterator[dict]:
    for line in (folder / "data" / "outcomes.jsonl").read_text().splitlines():
        yield json.loads(line)


@pytest.mark.usefixtures("portable")
def test_what_is_done_is_taken_over_and_told_with_its_machine(
    planned: Planned, report: Path, fresh: Store, fakes: ModuleType
) -> None:
    made, before = planned("a", "files", "raise"), len(fakes.logged())
    (said,) = take_over(made, fresh, report)
    machine = next(lines(report))["outcome"]["machine"]["cpu"]
    taken = f"2 cells are taken from `{report / 'data'}`, measured on {machine}"
    assert said == f"{taken}: `--no-reuse-report` measures anew"
    assert [one.status for cell in made.cells if (one := fresh.outcome(cell))] == ["done", "done"]
    assert fresh.artefact(made.cells[1], "confusion.npz")["confusion"].shape == (3, 3)
    execute(made, fresh)
    assert fakes.logged()[before:] == ["raise"]
    assert list(take_over(made, fresh, report)) == []


@pytest.mark.usefixtures("portable")
def test_a_report_written_from_what_was_taken_over_is_the_same_to_the_byte(
    planned: Planned, report: Path, fresh: Store, tmp_path: Path
) -> None:
    made = planned("a", "files")
    before = {path.name: path.read_bytes() for path in (report / "data").iterdir()}
    list(take_over(made, fresh, report))
    again = collect(made, fresh, tmp_path / "again")
    kept = before["outcomes.jsonl"].decode().splitlines()[:2]
    assert (again / "outcomes.jsonl").read_text().splitlines() == kept
    assert {path.name: path.read_bytes() for path in again.glob("*.npz")}.items() <= before.items()


@pytest.mark.usefixtures("portable")
def test_reports_of_other_labels_are_looked_at_too(planned: Planned, report: Path, fresh: Store) -> None:
    (report / "h100").mkdir()
    (report / "data").rename(report / "h100" / "data")
    (said,) = take_over(planned("a"), fresh, report)
    assert said.startswith("1 cell is taken from ")


@pytest.mark.usefixtures("portable")
def test_arrays_that_the_report_left_out_are_not_missed(
    planned: Planned, report: Path, fresh: Store, told: list[str], tmp_path: Path
) -> None:
    made = planned("files")
    (archive,) = (report / "data").glob("*.npz")
    archive.unlink()
    assert len(list(take_over(made, fresh, report))) == 1
    collect(made, fresh, tmp_path / "again")
    assert told[-1] == f"`{archive.name}` is not in the store; the report does without it"


@pytest.mark.usefixtures("portable")
@pytest.mark.parametrize("damage", ["other inputs", "no archive", "no lines"])
def test_what_is_not_the_same_is_measured(planned: Planned, report: Path, fresh: Store, damage: str) -> None:
    data = report / "data"
    if damage == "other inputs":
        text = (data / "outcomes.jsonl").read_text()
        (data / "outcomes.jsonl").write_text(text.replace('"stride": 16', '"stride": 8'))
    elif damage == "no archive":
        (archive,) = data.glob("*.npz")
        archive.write_bytes(b"PK")
    else:
        (data / "outcomes.jsonl").write_text("{")
    made = planned("files")
    assert list(take_over(made, fresh, report)) == []
    assert fresh.outcome(made.cells[0]) is None


def test_a_measure_that_does_not_say_it_is_the_same_anywhere_is_measured(
    planned: Planned, report: Path, fresh: Store
) -> None:
    assert list(take_over(planned("a"), fresh, report)) == []


def test_times_are_never_taken_from_a_report() -> None:
    assert measures.part("latency").make.portable is False
    assert all(measures.part(name).make.portable for name in ("accuracy", "oracle", "complexity"))
