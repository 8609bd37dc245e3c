"""Which claims what is planned can decide: by own seeds, by the nearest stored cells, by `--sd`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from segablate.evidence.claim import Claim
from segablate.evidence.claims import ONE_SIDED
from segablate.evidence.power import seeds_for_claim
from segablate.quantity import Margin
from segablate.records import Measurement, Outcome
from segablate.run.plan import Plan
from segablate.run.prospects import prospects
from segablate.run.store import Store

Planned = Callable[..., Plan]


def claimed(made: Plan, measure: str = "fake-seeded") -> Plan:
    claim = Claim("b beats a", "b", "beats", "a", "", "miou", measure, Margin(0.005))
    return replace(made, claims=(claim,))


def put(store: Store, made: Plan, variant: str, values: list[float]) -> None:
    cells = [row.cell for row in made.rows if row.variant.label == variant and row.cell]
    for cell, value in zip(cells, values, strict=True):
        taken = (Measurement("miou", (value,), "made up"),)
        store.put(cell, Outcome(cell.key, "done", cell.reads, taken))


def test_without_chance_or_with_one_seed_nothing_is_reckoned(planned: Planned, store: Store) -> None:
    exact = prospects(claimed(planned("a", "b"), "fake"), store, {})[0]
    assert (exact.seeded, exact.decidable) == (False, True)
    single = prospects(claimed(planned("a", "b", measure="fake-seeded")), store, {"miou": 0.004})[0]
    assert (single.planned, single.decidable) == (1, False)


def test_where_nothing_is_stored_nobody_knows(planned: Planned, store: Store) -> None:
    found = prospects(claimed(planned("a", "b", measure="fake-seeded", repeat=3)), store, {})[0]
    assert (found.decidable, found.needed, found.basis) == (None, None, "")


def test_the_spread_may_be_given(planned: Planned, store: Store) -> None:
    made = claimed(planned("a", "b", measure="fake-seeded", repeat=5))
    found = prospects(made, store, {"miou": 0.004})[0]
    wanted = seeds_for_claim("beats", 0.005, 0.005, 0.004, ONE_SIDED, 2)
    assert (found.needed, found.basis) == ((wanted, wanted), "--sd")
    printed = replace(made, claims=(replace(made.claims[0], printed=Margin(0.02)),))
    assert prospects(printed, store, {"miou": 0.004})[0].decidable


def test_both_variants_seeds_come_before_the_nearest_cells(planned: Planned, store: Store) -> None:
    made = claimed(planned("a", "b", "c", measure="fake-seeded", repeat=4))
    rng = np.random.default_rng(0)
    put(store, made, "c", (0.6 + 0.01 * rng.normal(size=4)).tolist())
    nearest = prospects(made, store, {})[0]
    assert nearest.basis == "the stored cells nearest to it"
    assert nearest.needed
    assert nearest.needed[0] < (nearest.needed[1] or 1001)
    base = 0.6 + 0.01 * rng.normal(size=4)
    put(store, made, "a", base.tolist())
    put(store, made, "b", (base + 0.02 + 0.0001 * rng.normal(size=4)).tolist())
    own = prospects(made, store, {})[0]
    assert (own.basis, own.decidable) == ("its own seeds", True)


def test_many_claims_need_more(planned: Planned, store: Store) -> None:
    made = claimed(planned("a", "b", "c", measure="fake-seeded", repeat=3))
    second = replace(made.claims[0], first="c")
    alone, among = (
        prospects(replace(made, claims=claims), store, {"miou": 0.004})[0].needed
        for claims in (made.claims, (*made.claims, second))
    )
    assert alone and among and alone[0] and among[0]  # noqa: PT018  # for the type checker
    assert alone[0] < among[0]


@pytest.mark.parametrize("word", ["is no worse than", "matches"])
def test_the_others_suppose_no_difference(word: str, planned: Planned, store: Store) -> None:
    made = claimed(planned("a", "b", measure="fake-seeded", repeat=3))
    made = replace(made, claims=(replace(made.claims[0], word=word),))
    assert prospects(made, store, {"miou": 0.001})[0].decidable
