"""Studies of many cells: what a command reads and compares grows with their number, not with its square."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest

from segablate.records import Outcome
from segablate.run import explain as explaining
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import Cell, Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


class _Counted(Store):
    """A store that counts what it is asked."""

    counts: Counter[str]

    def __init__(self, store: Store) -> None:
        super().__init__(store.root, store.tell)
        self.counts = Counter()

    def outcome(self, cell: Cell) -> Outcome | None:
        self.counts["outcome"] += 1
        return super().outcome(cell)

    def stamp(self, cell: Cell) -> tuple[int, int] | None:
        self.counts["stamp"] += 1
        return super().stamp(cell)

    def holder(self, cell: Cell):  # type: ignore[no-untyped-def]  # as it is
        self.counts["holder"] += 1
        return super().holder(cell)


def _words(count: int) -> list[str]:
    return [f"w-{number}" for number in range(count)]


def _filled(store: Store, plan: Plan) -> None:
    for cell in plan.cells:
        store.put(cell, Outcome(cell.key, "done", cell.reads, seconds=1.0))


@pytest.mark.parametrize("cells", [5, 40])
def test_a_run_with_nothing_to_do_reads_each_outcome_once(
    planned: Planned, store: Store, fakes: ModuleType, cells: int
) -> None:
    made = planned(*_words(cells))
    _filled(store, made)
    counted = _Counted(store)
    assert execute(made, counted).reused == cells
    assert counted.counts == {"outcome": cells, "stamp": cells}


def test_cells_that_become_free_one_after_another_are_asked_for_once_each(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = 12
    made = planned(*_words(cells))
    others = {cell.key: Store(store.root).lease(cell) for cell in made.cells}
    left = list(made.cells)

    class _Clock:
        monotonic = staticmethod(lambda: 0.0)

        @staticmethod
        def sleep(seconds: float) -> None:
            cell = left.pop()
            store.put(cell, Outcome(cell.key, "done", cell.reads))
            others[cell.key].release()

    monkeypatch.setattr("segablate.run.execute.time", _Clock)
    grouped: list[int] = []
    groups = Plan.groups

    def counted(self: Plan, among: set[str] | None = None) -> object:
        grouped.append(len(among or ()))
        return groups(self, among)

    monkeypatch.setattr(Plan, "groups", counted)
    assert execute(made, store).reused == cells
    assert grouped == [cells, cells]  # once for what fits on the machine, once to be run


def test_what_is_missing_is_not_compared_with_all_that_is_stored(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flattened = Counter[str]()
    flat = explaining.flat

    def counted(value: object, path: str) -> dict[str, str]:
        flattened[path] += 1
        return flat(value, path)

    _filled(store, planned(*_words(20)))
    monkeypatch.setattr(explaining, "flat", counted)
    states = explain(planned(*_words(20), stride=8), store)
    assert {state.seconds for _, state in states} == {1.0}
    assert flattened["reads"] <= 20 + 3 * 20


def test_a_group_takes_its_cells_in_their_order(planned: Planned) -> None:
    made = planned(*_words(30))
    (group,) = made.groups()
    assert group.cells == made.cells
