"""Which claims can be decided by what is planned, said before anything runs.

spread of a pair:   both variants' stored seeds  ·  else the stored cells nearest to them  ·  --sd
true difference:    what was printed, or the margin, for `beats`  ·  none, for the others
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from segablate.evidence.claim import Claim
from segablate.evidence.claims import ONE_SIDED
from segablate.evidence.estimate import between_seeds
from segablate.evidence.pairs import pair
from segablate.evidence.power import pooled_spread, seeds_for_claim, spread_between
from segablate.evidence.processes import paired_processes
from segablate.quantity import quantity
from segablate.records import Outcome
from segablate.run.explain import flat
from segablate.run.plan import Cell, Plan, canonical
from segablate.run.store import Store

Basis = Literal["", "its own seeds", "the stored cells nearest to it", "--sd"]


@dataclass(frozen=True)
class Prospect:
    """What can be expected of one claim.

    Attributes:
        claim: what is claimed.
        seeded: whether chance has a part in it.
        planned: seeds or processes that are planned.
        needed: about how many would decide it, least and most; None in them is over 1,000, and None
            altogether is that nothing is known of the spread.
        basis: where the spread is from.
    """

    claim: Claim
    seeded: bool
    planned: int
    needed: tuple[int | None, int | None] | None = None
    basis: Basis = ""

    @property
    def decidable(self) -> bool | None:
        """Whether what is planned may decide it; None where nobody knows."""
        if not self.seeded:
            return True
        if self.planned < 2:
            return False
        if self.needed is None:
            return None
        return self.needed[0] is not None and self.needed[0] <= self.planned


def prospects(plan: Plan, store: Store, sd: Mapping[str, float]) -> list[Prospect]:
    """What can be expected of each claim of a plan.

    Args:
        plan: what is planned.
        store: where outcomes are kept.
        sd: metric → standard deviation of one pair's difference, on the scale of comparison.
    """
    cells: dict[tuple[str, str], list[Cell]] = {}
    for row in plan.rows:
        if row.cell:
            cells.setdefault((row.variant.label, row.measure.label), []).append(row.cell)
    seeded = [claim for claim in plan.claims if _seeded(claim, cells) and claim.word != "reaches"]
    alpha = ONE_SIDED / max(1, len(seeded))
    expected = []
    for claim in plan.claims:
        planned = len(cells[claim.first, claim.measure]) if _seeded(claim, cells) else 0
        if claim not in seeded:
            expected.append(Prospect(claim, planned > 0, planned))
            continue
        spread, basis = _spread(claim, cells, store, sd)
        needed = _needed(claim, spread, alpha) if spread else None
        expected.append(Prospect(claim, True, planned, needed, basis))
    return expected


def _seeded(claim: Claim, cells: Mapping[tuple[str, str], Sequence[Cell]]) -> bool:
    return any(cell.seed is not None for cell in cells[claim.first, claim.measure])


def _needed(claim: Claim, spread: tuple[float, float], alpha: float) -> tuple[int | None, int | None] | None:
    # of shares of what is not measured yet nothing is known
    compared, margins = quantity(claim.metric).compared, (claim.margin, claim.printed, claim.by)
    if compared != "ratio" and any(margin is not None and margin.relative for margin in margins):
        return None
    margin = claim.bound(math.nan)
    printed = claim.printed.value if claim.printed else claim.margin.value
    supposed = math.log1p(printed) if compared == "ratio" else printed
    difference = supposed if claim.word == "beats" else 0.0
    ends = spread_between(*spread) if math.isfinite(spread[1]) else (spread[0], spread[0])
    low, high = (seeds_for_claim(claim.word, difference, margin, end, alpha, 2) for end in ends)
    return low, high


def _spread(
    claim: Claim, cells: Mapping[tuple[str, str], Sequence[Cell]], store: Store, sd: Mapping[str, float]
) -> tuple[tuple[float, float] | None, Basis]:
    """Standard deviation of one pair with its degrees of freedom, and where it is from."""
    if claim.metric in sd:
        return (sd[claim.metric], math.inf), "--sd"
    ratio = quantity(claim.metric).compared == "ratio"
    first, second = cells[claim.first, claim.measure], cells[claim.second, claim.measure]
    pairs = pair(_values(second, store, claim.metric), _values(first, store, claim.metric))
    own = paired_processes(pairs) if ratio else between_seeds(pairs)
    if own.known:
        return (own.spread, own.freedom), "its own seeds"
    nearest = pooled_spread(_nearest(first[0], store, claim.metric), ratio=ratio)
    return (nearest, "the stored cells nearest to it") if nearest else (None, "")


def _values(cells: Sequence[Cell], store: Store, metric: str) -> dict[int, float]:
    outcomes = {cell.seed or 0: store.outcome(cell) for cell in cells}
    return {seed: outcome.value(metric) for seed, outcome in outcomes.items() if outcome is not None}


def _nearest(cell: Cell, store: Store, metric: str) -> list[list[float]]:
    """The stored numbers of two seeds or more, by inputs, of those that differ in the fewest inputs."""
    alike: dict[str, list[Outcome]] = {}
    for outcome in store.outcomes(cell.measure):
        if math.isfinite(outcome.value(metric)):
            alike.setdefault(canonical(outcome.reads), []).append(outcome)
    fields = flat(cell.reads, "reads").items()
    apart = [
        (len(fields ^ flat(own[0].reads, "reads").items()), [outcome.value(metric) for outcome in own])
        for own in alike.values()
        if len(own) > 1
    ]
    least = min((distance for distance, _ in apart), default=0)
    return [values for distance, values in apart if distance == least]
