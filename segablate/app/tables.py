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
                "claim": one.claim.text,
                "first": one.claim.first,
                "second": one.claim.second or None,
                "metric": one.claim.metric,
                "measure": one.claim.measure,
                "source": one.claim.source,
                "verdict": one.kind,
                "because": one.because,
                "difference": one.difference,
                "low": one.low,
                "high": one.high,
                "ratio": one.ratio,
                "n": one.n,
                "exact": one.exact,
                "scenes": one.scenes or None,
                "blocks": one.blocks,
                "needed": one.needed,
            }.items()
        }
        for one in verdicts
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
    found = []
    for row in made.rows:
        state, _, why = (states[row.cell.key].told if row.cell else f"skipped: {row.skipped}").partition(": ")
        found.append(
            {
                "variant": row.variant.label,
                "measure": row.measure.label,
                "seed": row.seed,
                "cell": row.cell.key if row.cell else None,
                "state": state,
                "why": why,
            }
        )
    return found


def prospects(found: Sequence[Prospect]) -> list[dict[str, Any]]:
    """One row a claim: what can be expected of it."""
    return [
        {
            "claim": one.claim.text,
            "first": one.claim.first,
            "second": one.claim.second or None,
            "metric": one.claim.metric,
            "measure": one.claim.measure,
            "planned": one.planned,
            "decidable": one.decidable,
            "needed": one.needed,
            "basis": one.basis,
        }
        for one in found
    ]


def module(one: Module) -> dict[str, Any]:
    """One module of a network."""
    return {
        "name": one.name,
        "kind": one.kind,
        "params": one.params,
        "macs": one.macs,
        "flops": one.flops,
        "elementwise": one.others,
        "bytes": one.moved,
        "intensity": round(one.intensity, 3),
    }
