"""Verdicts on every comparison of a study."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from segablate.evidence.decide import decide
from segablate.evidence.verdict import Verdict
from segablate.report.comparisons import comparisons
from segablate.report.data import Record
from segablate.report.estimated import Key, counted, questions
from segablate.report.facts import StudyFacts

K = TypeVar("K", bound=Hashable)
Verdicts: TypeAlias = Mapping[Key, Verdict]


def verdicts(study: StudyFacts, records: Sequence[Record]) -> Verdicts:
    """Variant, measure and metric → verdict against the baseline under the same conditions.

    There is none for a baseline, for a metric without a better side, for a score without a random part of
    which the single images are not kept, and where one of both has no numbers. All that something random
    goes into are one family, whatever was measured and drawn: they stand in one table, and a reader looks
    for the one that stands out.
    """
    found = comparisons(records)
    judged = on_images(decide(questions(found, study.margin)))
    for one in found:
        if one.quantity.compared == "count" and (told := counted(one, study.margin)):
            judged[one.key] = told
    return {one.key: judged[one.key] for one in found if one.key in judged}


def on_images(judged: Mapping[K, Verdict]) -> dict[K, Verdict]:
    """Nothing is decided by one training each: its images say nothing of training again."""
    return {
        key: replace(one, kind="undecided", needed=None) if one.source == "images" else one
        for key, one in judged.items()
    }
