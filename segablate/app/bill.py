"""What a plan will cost: how many cells are to be measured, and about how long that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from segablate.report.words import counted
from segablate.run.explain import State
from segablate.run.plan import Cell, Plan, needs_of
from segablate.run.reuse import seconds_elsewhere, takable
from segablate.run.store import Store


def bill(plan: Plan, store: Store, states: Mapping[str, State], report: Path) -> str:
    """How many cells there are in which state, which of them `run` need not measure, and how long the rest
    may take one after the other.

    Args:
        plan: what is wanted.
        store: where outcomes are.
        states: key → state of its cell.
        report: folder of the study's committed report.
    """
    counts = Counter(state.status.partition(":")[0] for state in states.values())
    summary = ", ".join(f"{number:,} {state}" for state, number in sorted(counts.items()))
    parts = [f"{counted(len(states), 'cell')}{f': {summary}' if summary else ''}"]
    rest = {key: state.seconds for key, state in states.items() if state.status != "done"}
    taken = takable(plan, store, report) & rest.keys() if rest else set()
    if taken:
        parts.append(f"`run` takes {len(taken):,} from `{report}`")
    left = [cell for cell in plan.cells if cell.key in rest and cell.key not in taken]
    if left:
        which = f"the other {len(left):,}" if taken else "the rest" if counts["done"] else "they"
        parts.append(f"{which} {_cost(left, rest, report)}")
    if spent := gpu_seconds(plan, store):
        parts.append(f"GPUs were at work for {duration(spent)}")
    return "; ".join(parts)


def gpu_seconds(plan: Plan, store: Store) -> float:
    """For how long GPUs were at work for the stored cells of a plan, the failed ones included."""
    uses = {spec.use for spec in plan.study.measures if needs_of(spec).gpu != "never"}
    cells = {row.cell.key: row.cell for row in plan.rows if row.cell and row.measure.use in uses}
    outcomes = (store.outcome(cell) for cell in cells.values())
    return sum(outcome.seconds for outcome in outcomes if outcome is not None and "gpu" in outcome.machine)


def _cost(cells: Sequence[Cell], seconds: Mapping[str, float | None], report: Path) -> str:
    """How long cells may take: as those nearest to them did here, else as the measure did elsewhere."""
    there = seconds_elsewhere(report) if any(seconds[cell.key] is None for cell in cells) else {}
    here = [took for cell in cells if (took := seconds[cell.key]) is not None]
    other = [there[cell.measure] for cell in cells if seconds[cell.key] is None and cell.measure in there]
    unknown = len(cells) - len(here) - len(other)
    if not here and not other:
        return "may take any time: nothing like them was measured yet"
    clause = f"may take {duration(sum(here) + sum(other))}"
    clause += ", going by where the report was made" if other else ""
    return f"{clause}, and {counted(unknown, 'cell')} of which nothing is known" if unknown else clause


def duration(seconds: float) -> str:
    """A rough duration: `20 s`, `5 min`, `3.2 h`."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
