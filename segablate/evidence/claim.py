"""A claim: a statement about two variants and one metric that a study confirms, refutes or leaves open."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from segablate.quantity import Margin, quantity

Word = Literal["beats", "is no worse than", "matches", "reaches"]
WORDS: tuple[Word, ...] = get_args(Word)


@dataclass(frozen=True)
class Claim:
    """What a study claims, its variants and its measure found.

    Attributes:
        text: as it was written.
        first: label of the variant it is about.
        word: what is said of it.
        second: label of the variant it is compared with; "" for `reaches`.
        value: printed value to be reached, as it was printed, in the unit that reports show; "" otherwise.
        metric: what is compared.
        measure: label of the measure.
        margin: largest difference that does not matter.
        by: how much better the first is said to be; None where nothing is said.
        printed: difference that was published; None where none is given.
        source: where the claim is from; "" where it is the study's own.
        apart: axis, first's and second's choice, of each axis in which both differ.
    """

    text: str
    first: str
    word: Word
    second: str
    value: str
    metric: str
    measure: str
    margin: Margin
    by: Margin | None = None
    printed: Margin | None = None
    source: str = ""
    apart: tuple[tuple[str, str, str], ...] = ()

    def bound(self, second: float) -> float:
        """The largest difference that does not matter, on the scale of comparison.

        Args:
            second: value of the variant compared with, of which a relative margin is a share.
        """
        margins = [margin for margin in (self.margin, self.printed) if margin is not None]
        return min(self._scaled(margin, second) for margin in margins)

    def ahead(self, second: float) -> float:
        """How much better the first is said to be, likewise."""
        return 0.0 if self.by is None else self._scaled(self.by, second)

    def _scaled(self, margin: Margin, second: float) -> float:
        if quantity(self.metric).compared == "ratio":
            return math.log1p(margin.value)
        return margin.beside(second)

    @property
    def statement(self) -> tuple[object, ...]:
        """What is claimed, whatever the margin; the same of both orders where the order does not matter."""
        pair = (self.first, self.second)
        if self.word == "matches" and self.by is None:
            pair = (min(pair), max(pair))
        return (*pair, self.word, self.value, self.metric, self.measure, self.by)

    @property
    def identity(self) -> str:
        """All that its verdict depends on, as JSON: a claim that differs in any of it is another one."""
        named = {name: getattr(self, name) for name in ("first", "word", "second", "value")}
        margins = {name: written(self.metric, getattr(self, name)) for name in ("margin", "by", "printed")}
        statement = {**named, "metric": self.metric, "measure": self.measure, **margins}
        return json.dumps(statement, sort_keys=True)


def written(metric: str, margin: Margin | None) -> str:
    """A margin in words: `0.5 points`, `2 %`; "" for none."""
    if margin is None:
        return ""
    if margin.relative:
        return f"{100 * margin.value:g} %"
    what = quantity(metric)
    unit = "points" if what.shown_unit == "%" else what.shown_unit
    return f"{margin.value * what.scale:.9g} {unit}".strip()


def contradictions(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of which not both can be confirmed."""
    for first, second in combinations(claims, 2):
        if (first.metric, first.measure) != (second.metric, second.measure):
            continue
        if first.word == second.word == "reaches":
            if first.first == second.first and first.value != second.value:
                yield first, second
            continue
        mine, theirs = _range(first), _range(second)
        if mine is None or theirs is None or {first.first, first.second} != {second.first, second.second}:
            continue
        if first.first != second.first:
            theirs = (-theirs[1], -theirs[0])
        # the ends are no part of what confirms a claim
        if max(mine[0], theirs[0]) >= min(mine[1], theirs[1]):
            yield first, second


def _range(claim: Claim) -> tuple[float, float] | None:
    """The true differences for which a claim is right; None where they depend on what will be measured."""
    parts = [part for part in (claim.margin, claim.by, claim.printed) if part is not None]
    if claim.word == "reaches" or len({part.relative for part in parts}) > 1:
        return None
    by = claim.by.value if claim.by else 0.0
    margin = claim.margin.value if claim.printed is None else min(claim.margin.value, claim.printed.value)
    if claim.word == "beats":
        return by, math.inf
    return by - margin, math.inf if claim.word == "is no worse than" else by + margin
