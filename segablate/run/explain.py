"""Why a cell is done, or which of its inputs is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segablate.measures.base import measures
from segablate.records import Outcome
from segablate.run.plan import Cell, Plan, canonical, key
from segablate.run.store import Store

MOST_FIELDS = 3
MOST_SEEDS = 1000
LONGEST_VALUE = 40


def explain(plan: Plan, store: Store) -> list[tuple[Cell, str]]:
    """For each cell `done`, `failed: why`, or `missing: ` and the inputs that are new.

    New is said against the stored outcome of the same measure that differs in the fewest inputs.
    """
    seen: dict[str, list[_Seen]] = {}
    told = []
    for cell in plan.cells:
        outcome = store.outcome(cell)
        if outcome is not None:
            told.append((cell, "done" if outcome.status == "done" else f"{outcome.status}: {outcome.reason}"))
            continue
        if cell.measure not in seen:
            seen[cell.measure] = [_Seen(stored) for stored in store.outcomes(cell.measure)]
        told.append((cell, f"missing: {_why(cell, seen[cell.measure])}"))
    return told


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


def _why(cell: Cell, seen: list[_Seen]) -> str:
    if not seen:
        return f"nothing of `{cell.measure}` is stored yet"
    fields = flat(cell.reads, "reads")
    nearest = min(seen, key=lambda one: (len(fields.items() ^ one.fields.items()), one.outcome.key))
    changes = [
        _change(field, fields.get(field), nearest.fields.get(field))
        for field in sorted(fields.keys() | nearest.fields.keys())
        if fields.get(field) != nearest.fields.get(field)
    ]
    if not changes:
        return _same_reads(cell, seen)
    more = len(changes) - MOST_FIELDS
    return ", ".join(changes[:MOST_FIELDS]) + (f" and {more} more" if more > 0 else "")


def _change(field: str, now: str | None, then: str | None) -> str:
    if now is None:
        return f"`{field}` is gone (seen {_short(then or '')})"
    return f"`{field}` is new ({_short(now)}" + (f", seen {_short(then)})" if then is not None else ")")


def _same_reads(cell: Cell, seen: list[_Seen]) -> str:
    version = measures.part(cell.measure).version
    keys = {one.outcome.key for one in seen}
    # an outcome does not name its seed, but its key can be made again from the inputs
    for seed in range(MOST_SEEDS if cell.seed is not None else 0):
        if key(cell.measure, version, cell.reads, seed) in keys:
            return f"seed {cell.seed} is new"
    return f"version {version} of `{cell.measure}` is new"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
