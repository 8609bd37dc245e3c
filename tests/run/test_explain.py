"""`plan --explain`: which input of a cell is new."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.measures.base import measures
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


def _told(plan: Plan, store: Store) -> list[str]:
    return [why for _, why in explain(plan, store)]


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


@pytest.mark.parametrize("count", [1, 3])
def test_explaining_changes_nothing(planned: Planned, store: Store, count: int) -> None:
    made = planned(*"abc"[:count])
    assert _told(made, store) == _told(made, store)
    assert not store.root.exists()
