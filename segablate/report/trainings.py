"""Outcomes of `accuracy`, seen as what they are: what a variant reaches, over its seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segablate.report.data import Record


@dataclass(frozen=True)
class Training:
    """What one variant reaches.

    Attributes:
        measure: label of the measure.
        variant: label of the variant.
        records: one a seed, those with numbers.
    """

    measure: str
    variant: str
    records: tuple[Record, ...]

    @property
    def baseline(self) -> bool:
        """Whether the others are compared with it."""
        return self.records[0].baseline

    @property
    def seeds(self) -> int:
        """How many times it was trained."""
        return len(self.records)

    @property
    def miou(self) -> float:
        """Mean mIoU over the seeds, a fraction."""
        return statistics.fmean(one.outcome.value("miou") for one in self.records if one.outcome)

    def mean(self, fact: str) -> dict[str, float]:
        """Mean over the seeds of each score of a fact, where every seed has one.

        Args:
            fact: name of a mapping to fractions, such as `trimap`.
        """
        found: list[Mapping[str, float]] = [one.facts.get(fact) or {} for one in self.records]
        return {
            name: statistics.fmean(scores[name] for scores in found)
            for name in found[0]
            if all(name in scores for scores in found)
        }


def trainings(records: Iterable[Record]) -> tuple[Training, ...]:
    """What the variants reach under each measure, in the order of the records."""
    found: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        if not (record.done and record.use == "accuracy" and record.outcome):
            continue
        if not math.isnan(record.outcome.value("miou")):
            found.setdefault((record.measure, record.variant), {}).setdefault(record.outcome.key, record)
    return tuple(Training(*name, tuple(own.values())) for name, own in found.items())


def by_measure(found: Iterable[Training]) -> dict[str, list[Training]]:
    """The variants of each measure."""
    kept: dict[str, list[Training]] = {}
    for one in found:
        kept.setdefault(one.measure, []).append(one)
    return kept


def chosen(own: Sequence[Training], most: int) -> list[Training]:
    """The baseline and those with the highest mIoU, at most so many, in their order."""
    ranked = sorted(own, key=lambda one: (not one.baseline, -one.miou))[:most]
    return [one for one in own if one in ranked]


def told_seeds(own: Sequence[Training]) -> str:
    """`5 seeds`, or the range where the numbers differ."""
    low, high = min(one.seeds for one in own), max(one.seeds for one in own)
    return f"{low} to {high} seeds" if low < high else "1 seed" if low == 1 else f"{low} seeds"
