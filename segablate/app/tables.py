"""What commands tell programs: rows of plain values, for JSON documents and for data frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segablate.evidence.claims import ClaimVerdict
    from segablate.measures.counting.cost import Module
    from segablate.report.data import Record
    from segablate.run.explain import State
    from segablate.run.plan import Plan
    from segablate.run.prospects import Prospect


def claims(verdicts: Sequence[ClaimVerdict]) -> list[dict[str, Any]]:
    """One row a claim; None where there is no number."""
    return [
        {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in {
                "claim": verdict.claim.text,
                "first": verdict.claim.first,
                "second": verdict.claim.second or None,
                "metric": verdict.claim.metric,
                "measure": verdict.claim.measure,
                "source": verdict.claim.source,
                "verdict": verdict.kind,
                "because": verdict.because,
                "difference": verdict.difference,
                "low": verdict.low,
                "high": verdict.high,
                "ratio": verdict.ratio,
                "n": verdict.n,
                "exact": verdict.exact,
                "scenes": verdict.scenes or None,
                "blocks": verdict.blocks,
                "needed": verdict.needed,
            }.items()
        }
        for verdict in verdicts
    ]


def rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """One row for each row of the study; scores are fractions."""
    return [
        {
            "variant": record.variant,
            "choices": dict(record.choices),
            "baseline": record.baseline,
            "measure": record.measure,
            "seed": record.seed,
            "state": record.state,
            "reason": "" if record.done else record.reason,
            "cell": record.outcome.key if record.outcome else None,
            "measurements": {
                taken.metric: taken.value for taken in (record.outcome.measurements if record.outcome else ())
            },
        }
        for record in records
    ]


def cells(made: Plan, states: Mapping[str, State]) -> list[dict[str, Any]]:
    """One row for each row of a plan, with what its cell waits for."""
    table = []
    for row in made.rows:
        state, _, why = (states[row.cell.key].status if row.cell else f"skipped: {row.skipped}").partition(
            ": "
        )
        table.append(
            {
                "variant": row.variant.label,
                "measure": row.measure.label,
                "seed": row.seed,
                "cell": row.cell.key if row.cell else None,
                "state": state,
                "why": why,
            }
        )
    return table


def prospects(expected: Sequence[Prospect]) -> list[dict[str, Any]]:
    """One row a claim: what can be expected of it."""
    return [
        {
            "claim": prospect.claim.text,
            "first": prospect.claim.first,
            "second": prospect.claim.second or None,
            "metric": prospect.claim.metric,
            "measure": prospect.claim.measure,
            "planned": prospect.planned,
            "decidable": prospect.decidable,
            "needed": prospect.needed,
            "basis": prospect.basis,
        }
        for prospect in expected
    ]


def module(counted: Module) -> dict[str, Any]:
    """One module of a network."""
    return {
        "name": counted.name,
        "kind": counted.kind,
        "params": counted.params,
        "macs": counted.macs,
        "flops": counted.flops,
        "elementwise": counted.others,
        "bytes": counted.moved,
        "intensity": round(counted.intensity, 3),
    }
