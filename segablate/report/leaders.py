"""Which variants lead: better than every other one, told so surely that bold may say it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segablate.evidence.decide import LEVEL, Question
from segablate.quantity import quantity
from segablate.report.comparisons import between
from segablate.report.contexts import compared_axes, context
from segablate.report.data import Record
from segablate.report.estimated import Key, middle, questions
from segablate.report.facts import StudyFacts


@dataclass(frozen=True)
class Race:
    """All variants under one condition, measure and metric.

    Attributes:
        best: key of the variant with the best number.
        runners: how many variants have one.
        others: what is asked of each other variant beside the best.
    """

    best: Key
    runners: int
    others: tuple[Question, ...]

    def won(self, alpha: float) -> bool:
        """Whether all others are worse, and none is equivalent, which would be told at the level itself."""
        return len(self.others) == self.runners - 1 and all(
            _is_worse(one, alpha) and one.estimate.p_matters(one.bound) > 1 - LEVEL for one in self.others
        )


def leaders(study: StudyFacts, records: Sequence[Record]) -> frozenset[Key]:
    """Variants that are better than every other one under their conditions, at 5 % for the whole table.

    None where numbers are counted, or have no random part: there no test is needed to see the best.
    """
    races = list(_races(study, records))
    # Any variant of a race may come out best by chance, and is then wrongly bold only if it beats the one
    # that is truly as good: one test a variant, however many pairs there are (intersection of unions).
    tests = sum(race.runners for race in races)
    return frozenset(race.best for race in races if race.won((1 - LEVEL) / tests))


def _races(study: StudyFacts, records: Sequence[Record]) -> Iterator[Race]:
    compared = compared_axes(records)
    groups: dict[tuple[tuple[str, str], ...], dict[str, None]] = {}
    for record in records:
        groups.setdefault(context(record.choices, compared), {})[record.variant] = None
    for group in groups.values():
        own = [record for record in records if record.variant in group and record.done]
        for measure in dict.fromkeys(record.measure for record in own):
            under = [record for record in own if record.measure == measure]
            yield from _under(study, under, list(dict.fromkeys(record.variant for record in under)))


def _under(study: StudyFacts, records: Sequence[Record], group: Sequence[str]) -> Iterator[Race]:
    some = [one for one in between(records, dict.fromkeys(group, group[0])) if not one.exact]
    random = [record for record in records if not record.exact]
    for metric in dict.fromkeys(one.metric for one in some if one.quantity.compared != "count"):
        numbers = _numbers(random, metric)
        if len(numbers) > 1:
            pick = max if quantity(metric).direction == "higher" else min
            best = pick(numbers, key=lambda variant: numbers[variant])
            found = [one for one in between(records, dict.fromkeys(numbers, best)) if one.metric == metric]
            asked = tuple(questions(found, study.margin).values())
            yield Race((best, records[0].measure, metric), len(numbers), asked)


def _numbers(records: Sequence[Record], metric: str) -> dict[str, float]:
    """Variant → its number."""
    own: dict[str, list[Record]] = {}
    for record in records:
        own.setdefault(record.variant, []).append(record)
    known = {variant: middle(one, metric) for variant, one in own.items()}
    return {variant: value for variant, value in known.items() if not math.isnan(value)}


def _is_worse(one: Question, alpha: float) -> bool:
    # more of what is better the lower, or less of what is better the higher
    behind = (one.estimate.difference > 0) == (one.direction == "lower")
    return one.estimate.known and behind and one.estimate.p_none() <= alpha
