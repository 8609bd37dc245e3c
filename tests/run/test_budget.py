"""A budget of time: no cell is begun that would not be finished, and what is left is said."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from segablate.run.execute import execute
from segablate.run.plan import Plan
from segablate.run.store import Store

Planned = Callable[..., Plan]


@pytest.fixture
def half_known(planned: Planned, store: Store) -> Plan:
    """A plan of five cells, of which the stored one that is nearest to all took a fifth of a second."""
    execute(planned("a", settings="nap: 0.2"), store)
    return planned(*"abcde", settings="nap: 0.2", measure="fake")


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_no_cell_is_begun_that_would_not_be_finished_in_time(
    half_known: Plan, store: Store, fakes: ModuleType, executor: str
) -> None:
    summary = execute(half_known, store, executor=executor, budget=0.1)
    assert (summary.done, summary.reused, summary.open, summary.late) == (0, 1, 4, 4)
    assert fakes.logged() == ["a"]
    assert not list(store.root.rglob("lease"))
    assert execute(half_known, store, budget=3600).done == 4


def test_of_a_group_as_many_cells_are_begun_as_will_be_finished(
    half_known: Plan, store: Store, fakes: ModuleType
) -> None:
    summary = execute(half_known, store, budget=0.55)
    assert summary.done + summary.late == 4
    assert 1 <= summary.done <= 2
    assert len(fakes.logged()) == 1 + summary.done


def test_what_nothing_is_known_of_is_begun(planned: Planned, store: Store) -> None:
    assert execute(planned("a", "b"), store, budget=60).done == 2
    assert execute(planned("c", "d"), store, budget=-1).late == 2
