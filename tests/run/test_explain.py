"""`plan --explain`: which input of a cell is new."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.errors import SegablateError
from segablate.measures.base import Result, measures
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import Plan
from segablate.run.store import Store
from segablate.run.work import keep

Planned = Callable[..., Plan]


def _told(plan: Plan, store: Store) -> list[str]:
    return [state.status for _, state in explain(plan, store)]


def test_nothing_is_stored_at_first(planned: Planned, store: Store) -> None:
    assert _told(planned("a"), store) == ["missing: nothing of `fake` is stored yet"]


def test_done_and_failed_are_told(planned: Planned, store: Store) -> None:
    made = planned("a", "raise")
    execute(made, store)
    assert _told(made, store) == ["done", "failed: ValueError: the dog ate it"]


def test_the_new_field_is_named_with_both_values(planned: Planned, store: Store) -> None:
    execute(planned("a", "b"), store)
    assert _told(planned("a", "b", stride=8), store) == ["missing: `reads.stride` is new (8, seen 16)"] * 2


def test_the_nearest_outcome_is_the_one_compared_with(planned: Planned, store: Store) -> None:
    execute(planned("a", stride=32, settings="bonus: 1.0"), store)
    execute(planned("a", stride=16), store)
    assert _told(planned("b", stride=16), store) == ['missing: `reads.word` is new ("b", seen "a")']


def test_several_new_fields_are_all_named(planned: Planned, store: Store) -> None:
    execute(planned("a"), store)
    assert _told(planned("a", stride=8, settings="bonus: 1.0"), store) == [
        "missing: `reads.bonus` is new (1.0, seen 0.0), `reads.stride` is new (8, seen 16)"
    ]


def test_a_new_seed_is_told(planned: Planned, store: Store) -> None:
    execute(planned("a", measure="fake-seeded", repeat=1), store)
    assert _told(planned("a", measure="fake-seeded", repeat=3), store) == [
        "done",
        "missing: seed 1 is new",
        "missing: seed 2 is new",
    ]


def test_a_new_version_of_the_measure_is_told(planned: Planned, store: Store) -> None:
    execute(planned("a"), store)
    measures.register("fake", version=2)(measures.part("fake").make)
    assert _told(planned("a"), store) == ["missing: version 2 of `fake` is new"]


def test_a_cell_may_take_what_the_stored_ones_nearest_to_it_took(planned: Planned, store: Store) -> None:
    for words, stride, taken in (("abc", 16, (1.0, 5.0, 2.0)), ("ab", 8, (30.0, 50.0))):
        made = planned(*words, stride=stride)
        for cell, seconds in zip(made.cells, taken, strict=True):
            keep(store, cell, Result((), {}, {}), seconds)
    asked = [*explain(planned("a", "d", stride=16), store), *explain(planned("d", stride=8), store)]
    assert [(state.status.partition(":")[0], state.seconds) for _, state in asked] == [
        ("done", 0.0),
        ("missing", 2.0),
        ("missing", 40.0),
    ]


def test_what_failed_says_nothing_of_the_time_a_cell_takes(planned: Planned, store: Store) -> None:
    assert explain(planned("a"), store)[0][1].seconds is None
    execute(planned("raise"), store)
    assert [state.seconds for _, state in explain(planned("raise", "a"), store)] == [None, None]


def test_what_failed_is_compared_with_too(planned: Planned, store: Store) -> None:
    made = planned("a", "b", measure="fake-seeded", repeat=2)
    keep(store, made.cells[0], Result((), {}, {}), 1.0)
    keep(store, made.cells[2], SegablateError("no"), 1.0)
    assert _told(made, store) == ["done", "missing: seed 1 is new", "failed: no", "missing: seed 1 is new"]


@pytest.mark.parametrize("count", [1, 3])
def test_explaining_changes_nothing(planned: Planned, store: Store, count: int) -> None:
    made = planned(*"abc"[:count])
    assert _told(made, store) == _told(made, store)
    assert not store.root.exists()
