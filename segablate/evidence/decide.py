"""From estimates to verdicts, over all comparisons of one family at once."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from segablate.evidence.estimate import Estimate
from segablate.evidence.power import detectable, needed
from segablate.evidence.verdict import Kind, Verdict
from segablate.quantity import Direction

LEVEL = 0.95
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Question:
    """One comparison and what would matter in it.

    Attributes:
        estimate: what the data say.
        margin: largest difference that does not matter; for a ratio the largest |ratio − 1|.
        direction: which way is better, "higher" or "lower".
    """

    estimate: Estimate
    margin: float
    direction: Direction

    @property
    def bound(self) -> float:
        """The margin on the estimate's own scale."""
        return math.log1p(self.margin) if self.estimate.ratio else self.margin


def decide(
    family: Mapping[Key, Question], level: float = LEVEL, *, best_of_all: bool = False
) -> dict[Key, Verdict]:
    """Verdicts of which one or more is wrong with probability 1 − level at most, for each claim.

    "There is a difference" and "there is none that matters" are corrected each by itself (Holm 1979). A
    difference inside the margin is equivalent, even if it is distinguishable from zero.

    Args:
        family: all comparisons that a reader looks through together.
        level: confidence of all verdicts together, and of each interval by itself.
        best_of_all: whether all are against the one that these very numbers made the best: then it might
            have been any, and there are as many tests as pairs.
    """
    known = {key: question for key, question in family.items() if question.estimate.known}
    times = (len(known) + 1) / 2 if best_of_all else 1.0
    apart = dict(
        zip(known, holm([question.estimate.p_none() for question in known.values()], times), strict=True)
    )
    alike = dict(zip(known, holm([_matters(question) for question in known.values()], times), strict=True))
    kinds = {
        key: _kind(question, apart[key], alike[key], 1 - level) if key in known else "undecided"
        for key, question in family.items()
    }
    open_ = sum(kind == "undecided" for key, kind in kinds.items() if key in known)
    hurdle = (1 - level) / max(open_, 1) / times
    return {
        key: _verdict(question, kinds[key], apart.get(key), level, hurdle if key in known else None)
        for key, question in family.items()
    }


def holm(p: Sequence[float], times: float = 1.0) -> list[float]:
    """p-values adjusted for their number (Holm, Scandinavian Journal of Statistics 6, 1979), so many fold."""
    adjusted, largest = [1.0] * len(p), 0.0
    for rank, at in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        largest = max(largest, min(1.0, times * (len(p) - rank) * p[at]))
        adjusted[at] = largest
    return adjusted


def count(baseline: float, variant: float, margin: float, direction: Direction) -> Verdict:
    """A verdict on two numbers without a random part."""
    difference = variant - baseline
    kind: Kind = "equivalent" if abs(difference) <= margin else _side(difference, direction)
    return Verdict(kind, difference, difference, difference, LEVEL, 1, "count", margin, None, None, None)


def _matters(question: Question) -> float:
    return question.estimate.p_matters(question.bound) if question.margin > 0 else 1.0


def _kind(question: Question, apart: float, alike: float, alpha: float) -> Kind:
    if alike <= alpha:
        return "equivalent"
    return _side(question.estimate.difference, question.direction) if apart <= alpha else "undecided"


def _side(difference: float, direction: Direction) -> Kind:
    return "better" if (difference > 0) == (direction == "higher") else "worse"


def _verdict(question: Question, kind: Kind, p: float | None, level: float, hurdle: float | None) -> Verdict:
    estimate = question.estimate
    low, high = estimate.interval(level)
    least = wanted = None
    if hurdle is not None:
        least = detectable(estimate.n, estimate.spread, hurdle, estimate.freedom)
        # nobody can add images to a test set by training again
        if kind == "undecided" and estimate.source != "images":
            wanted = needed(estimate.difference, estimate.spread, question.bound, hurdle, estimate.n)
    shown = (estimate.difference, low, high)
    if estimate.ratio:
        shown = (math.exp(shown[0]), math.exp(shown[1]), math.exp(shown[2]))
        least = None if least is None else math.expm1(least)
    return Verdict(
        kind, *shown, level, estimate.n, estimate.source, question.margin, p, least, wanted, estimate.ratio
    )
