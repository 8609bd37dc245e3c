"""Running a plan: what is run, what is not, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from segablate.errors import SegablateError
from segablate.records import Outcome
from segablate.run.execute import Stopped, execute
from segablate.run.plan import Cell, Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]
both = pytest.mark.parametrize("executor", ["inline", "processes"])


@both
def test_every_cell_is_measured_once_and_found_again(
    planned: Planned, store: Store, fakes: ModuleType, executor: str
) -> None:
    made = planned("a", "b", "c", settings="bonus: 0.5")
    first = execute(made, store, executor=executor)
    again = execute(made, store, executor=executor)
    assert (first.done, first.reused, again.done, again.reused) == (3, 0, 0, 3)
    assert fakes.logged() == ["a", "b", "c"]
    outcome = store.outcome(made.cells[1])
    assert outcome is not None
    assert outcome.status == "done"
    assert outcome.value("miou") == 0.5
    assert outcome.reads == made.cells[1].reads
    assert outcome.machine["cores"] >= 1


def test_resuming_adds_nothing_to_the_store(planned: Planned, store: Store) -> None:
    made = planned("a", "files")
    execute(made, store)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    execute(made, store)
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


class _Raced(Store):
    """A store in which another run puts each outcome just after it was looked for the first time."""

    raced: frozenset[str] = frozenset()

    def outcome(self, cell: Cell) -> Outcome | None:
        found = super().outcome(cell)
        if cell.key not in self.raced:
            self.raced |= {cell.key}
            self.put(cell, Outcome(cell.key, "done", cell.reads))
        return found


@both
def test_what_another_run_puts_while_the_store_is_read_is_not_measured_again(
    planned: Planned, store: Store, fakes: ModuleType, executor: str
) -> None:
    summary = execute(planned("a", "b"), _Raced(store.root), executor=executor)
    assert (summary.done, summary.reused) == (0, 2)
    assert fakes.logged() == []


@both
def test_a_cell_that_raises_fails_with_its_reason_and_the_rest_go_on(
    planned: Planned, store: Store, executor: str
) -> None:
    made = planned("a", "raise", "b", "refuse", "c", "objects")
    summary = execute(made, store, executor=executor)
    outcomes = [store.outcome(cell) for cell in made.cells]
    assert [one.status for one in outcomes if one] == ["done", "failed", "done", "failed", "done", "failed"]
    assert (summary.done, summary.failed) == (3, 3)
    assert [reason for _, reason in summary.failures][:2] == [
        "ValueError: the dog ate it",
        "a.png: this label map is empty",
    ]
    assert "object" in summary.failures[2][1].lower()


def test_a_failed_cell_keeps_its_traceback_until_it_is_done(planned: Planned, store: Store) -> None:
    made = planned("once")
    kept = store.folder(made.cells[0]) / "traceback.txt"
    execute(made, store)
    assert "only the first time" in kept.read_text()
    assert execute(made, store).done == 1
    assert not kept.exists()


def test_only_failed_runs_what_failed_and_nothing_else(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    execute(planned("a", "once"), store)
    summary = execute(planned("a", "once", "new"), store, only="failed")
    assert fakes.logged() == ["a", "once", "once"]
    assert (summary.done, summary.reused, summary.open) == (1, 1, 1)


def test_only_all_runs_everything_anew(planned: Planned, store: Store, fakes: ModuleType) -> None:
    made = planned("a", "files")
    execute(made, store)
    summary = execute(made, store, only="all")
    assert fakes.logged() == ["a", "files", "a", "files"]
    assert (summary.done, summary.reused) == (2, 0)


def test_rows_that_are_skipped_are_counted(planned: Planned, store: Store) -> None:
    summary = execute(planned("a", "b", repeat=2, measure="fake-seeded"), store)
    assert (summary.done, summary.skipped) == (4, 0)


def test_ctrl_c_keeps_what_is_done_and_gives_its_leases_back(
    planned: Planned, store: Store, fakes: ModuleType
) -> None:
    made = planned("a", "interrupt", "b")
    with pytest.raises(Stopped) as caught:
        execute(made, store)
    assert (caught.value.summary.done, caught.value.summary.open) == (1, 2)
    assert not list(store.root.rglob("*lease"))
    assert not list(store.root.rglob("*.tmp"))
    assert store.outcome(made.cells[0])


@both
def test_cells_share_what_is_cached(planned: Planned, store: Store, fakes: ModuleType, executor: str) -> None:
    execute(planned("cached-1", "cached-2", settings="alone: true"), store, executor=executor)
    assert sorted(fakes.logged()) == ["built", "cached-1", "cached-2"]


@both
def test_bars_count_cells_and_what_a_measure_counts(planned: Planned, store: Store, executor: str) -> None:
    bars: dict[str, tuple[int, int]] = {}

    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
        bars[what] = (total, 0)

        def advance(done: int) -> None:
            bars[what] = (total, bars[what][1] + done)

        yield advance

    execute(planned("a", "b", "c"), store, executor=executor, progress=progress)
    assert bars == {"cells": (3, 3), "words": (3, 3)}


def test_every_outcome_is_told_as_it_comes(planned: Planned, store: Store) -> None:
    told: list[tuple[Cell, Outcome]] = []
    execute(planned("a", "raise"), store, tell=lambda cell, outcome: told.append((cell, outcome)))
    assert [outcome.status for _, outcome in told] == ["done", "failed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": "inlien"}, "there is no executor `inlien`"),
        ({"jobs": 2}, "executor `inline` does one thing at a time"),
        ({"jobs": 0, "executor": "processes"}, "`--jobs 0` leaves nobody to work"),
        ({"only": "some"}, "there is no `--only some`"),
        ({"device": "tpu"}, "there is no device `tpu`"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_runs(
    planned: Planned, store: Store, fakes: ModuleType, options: dict[str, object], message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), store, **options)  # type: ignore[arg-type]  # that is what is tested
    assert str(caught.value) == message
    assert fakes.logged() == []


def test_an_executor_that_does_not_exist_is_told_though_nothing_is_left_to_do(
    planned: Planned, store: Store
) -> None:
    made = planned("a")
    execute(made, store)
    with pytest.raises(SegablateError, match="threads"):
        execute(made, store, executor="threads")
