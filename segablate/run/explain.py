"""Why a cell is done, or which of its inputs is new and how long it may take."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segablate.measures.base import measures
from segablate.records import Outcome
from segablate.run.plan import Cell, Plan, canonical, key
from segablate.run.store import Store

MOST_FIELDS = 3
MOST_SEEDS = 1000
LONGEST_VALUE = 40


@dataclass(frozen=True)
class State:
    """Where a cell of a plan stands.

    Attributes:
        told: `done`, `failed: why`, or `missing: ` and the inputs that are new.
        seconds: 0 if it is done; else what the stored cells nearest to it took in the median, None if there
            are none.
    """

    told: str
    seconds: float | None


def explain(plan: Plan, store: Store) -> list[tuple[Cell, State]]:
    """The state of each cell.

    Near and new are said against the stored outcomes of the same measure: the nearest differ in the fewest
    inputs.
    """
    seen: dict[str, list[_Seen]] = {}
    states = []
    for cell in plan.cells:
        outcome = store.outcome(cell)
        if outcome is not None and outcome.status == "done":
            states.append((cell, State("done", 0.0)))
            continue
        if cell.measure not in seen:
            seen[cell.measure] = [_Seen(stored) for stored in store.outcomes(cell.measure)]
        apart = _apart(cell, seen[cell.measure])
        told = f"{outcome.status}: {outcome.reason}" if outcome else f"missing: {_why(cell, _first(apart))}"
        states.append((cell, State(told, _seconds(apart))))
    return states


class _Seen:
    """A stored outcome with its inputs as flat fields."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.fields = flat(outcome.reads, "reads")


def flat(value: Any, path: str) -> dict[str, str]:
    """A nested value as dotted path → canonical JSON."""
    if isinstance(value, Mapping) and value:
        return {field: text for name in value for field, text in flat(value[name], f"{path}.{name}").items()}
    return {path: canonical(value)}


def _apart(cell: Cell, seen: Sequence[_Seen]) -> list[tuple[int, _Seen]]:
    """In how many inputs each differs, the nearest first and those that are equally near by key."""
    fields = flat(cell.reads, "reads").items()
    apart = [(len(fields ^ one.fields.items()), one) for one in seen]
    return sorted(apart, key=lambda pair: (pair[0], pair[1].outcome.key))


def _first(apart: Sequence[tuple[int, _Seen]]) -> list[_Seen]:
    return [one for distance, one in apart if distance == apart[0][0]]


def _seconds(apart: Sequence[tuple[int, _Seen]]) -> float | None:
    nearest = _first([pair for pair in apart if pair[1].outcome.status == "done"])
    return statistics.median(one.outcome.seconds for one in nearest) if nearest else None


def _why(cell: Cell, nearest: Sequence[_Seen]) -> str:
    if not nearest:
        return f"nothing of `{cell.measure}` is stored yet"
    now, then = flat(cell.reads, "reads"), nearest[0].fields
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


def _same_reads(cell: Cell, seen: Sequence[_Seen]) -> str:
    version = measures.part(cell.measure).version
    keys = {one.outcome.key for one in seen}
    if cell.key in keys:  # and yet it is missing
        return "it was taken beside other work, and is taken again"
    # an outcome does not name its seed, but its key can be made again from the inputs
    for seed in range(MOST_SEEDS if cell.seed is not None else 0):
        if key(cell.measure, version, cell.reads, seed) in keys:
            return f"seed {cell.seed} is new"
    return f"version {version} of `{cell.measure}` is new"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
