"""Why a cell is done, or which of its inputs is new and how long it may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segablate.measures.base import measures
from segablate.records import Outcome
from segablate.run.plan import Cell, Plan, canonical, key
from segablate.run.store import Store

MOST_FIELDS = 3
SEEDS_TRIED = 100
LONGEST_VALUE = 40


@dataclass(frozen=True)
class State:
    """Where a cell of a plan stands.

    Attributes:
        status: `done`, `failed: why`, or `missing: ` and the inputs that are new.
        seconds: 0 if it is done; else what the stored cells nearest to it took in the median, None if there
            are none.
    """

    status: str
    seconds: float | None


def explain(plan: Plan, store: Store) -> list[tuple[Cell, State]]:
    """The state of each cell.

    Near and new are said against the stored outcomes of the same measure: the nearest differ in the fewest
    inputs.
    """
    seen: dict[str, _Seen] = {}
    states = []
    for cell in plan.cells:
        outcome = store.outcome(cell)
        if outcome is not None and outcome.status == "done":
            states.append((cell, State("done", 0.0)))
            continue
        if cell.measure not in seen:
            seen[cell.measure] = _Seen(store.outcomes(cell.measure))
        nearest, seconds = seen[cell.measure].nearest(cell)
        status = f"{outcome.status}: {outcome.reason}" if outcome else f"missing: {_why(cell, nearest)}"
        states.append((cell, State(status, seconds)))
    return states


class _Seen:
    """Stored outcomes of one measure, found by their inputs without comparing each with each.

    Args:
        outcomes: by key.
    """

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.outcomes = list(outcomes)
        fields = [flat(outcome.reads, "reads") for outcome in self.outcomes]
        holders: dict[tuple[str, str], list[int]] = {}
        for number, items in enumerate(fields):
            for item in items.items():
                holders.setdefault(item, []).append(number)
        self._holders = {item: np.array(numbers) for item, numbers in holders.items()}
        self._sizes = np.array([len(items) for items in fields], dtype=int)
        self._done = np.array([outcome.status == "done" for outcome in self.outcomes], dtype=bool)
        self._seconds = np.array([outcome.seconds for outcome in self.outcomes], dtype=float)

    def nearest(self, cell: Cell) -> tuple[list[Outcome], float | None]:
        """Of those that differ from a cell in the fewest inputs the first, or all that differ in none; and
        what the nearest took that are done, in the median.
        """
        if not self.outcomes:
            return [], None
        fields = flat(cell.reads, "reads")
        common = np.zeros_like(self._sizes)
        for item in fields.items():
            if item in self._holders:
                common[self._holders[item]] += 1
        apart = self._sizes + len(fields) - 2 * common
        nearest = np.flatnonzero(apart == apart.min())[: None if apart.min() == 0 else 1]
        done = apart[self._done]
        seconds = float(np.median(self._seconds[self._done][done == done.min()])) if done.size else None
        return [self.outcomes[number] for number in nearest], seconds


def flat(value: Any, path: str) -> dict[str, str]:
    """A nested value as dotted path → canonical JSON."""
    if isinstance(value, Mapping) and value:
        return {field: text for name in value for field, text in flat(value[name], f"{path}.{name}").items()}
    return {path: canonical(value)}


def _why(cell: Cell, nearest: Sequence[Outcome]) -> str:
    if not nearest:
        return f"nothing of `{cell.measure}` is stored yet"
    now, then = flat(cell.reads, "reads"), flat(nearest[0].reads, "reads")
    changes = [
        _change(field, now.get(field), then.get(field))
        for field in sorted(now.keys() | then.keys())
        if now.get(field) != then.get(field)
    ]
    if not changes:
        return _same_reads(cell, nearest)
    more = len(changes) - MOST_FIELDS
    return ", ".join(changes[:MOST_FIELDS]) + (f" and {more} more" if more > 0 else "")


def _change(field: str, now: str | None, then: str | None) -> str:
    if now is None:
        return f"`{field}` is gone (seen {_short(then or '')})"
    return f"`{field}` is new ({_short(now)}" + (f", seen {_short(then)})" if then is not None else ")")


def _same_reads(cell: Cell, seen: Sequence[Outcome]) -> str:
    version = measures.part(cell.measure).version
    keys = {outcome.key for outcome in seen}
    if cell.key in keys:  # and yet it is missing
        return "it was taken beside other work, and is taken again"
    # an outcome does not name its seed, but its key can be made again from the inputs
    for seed in range(SEEDS_TRIED if cell.seed is not None else 0):
        if key(cell.measure, version, cell.reads, seed) in keys:
            return f"seed {cell.seed} is new"
    return f"version {version} of `{cell.measure}` is new"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
