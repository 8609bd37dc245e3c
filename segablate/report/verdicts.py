"""Verdicts on every comparison of a study, and which variants lead."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from segablate.evidence.decide import LEVEL, Question, count, decide
from segablate.evidence.estimate import Estimate
from segablate.evidence.images import over_images
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, quantity
from segablate.report.ceilings import is_exact
from segablate.report.comparisons import (
    Comparison,
    between,
    comparisons,
    estimates,
    only_images_can_tell,
    pixels,
)
from segablate.report.contexts import compared_axes, context
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.table import values

Key: TypeAlias = tuple[str, str, str]
Verdicts: TypeAlias = Mapping[Key, Verdict]


def verdicts(study: StudyFacts, records: Sequence[Record]) -> Verdicts:
    """Variant, measure and metric → verdict against the baseline under the same conditions.

    There is none for a baseline, for a metric without a better side, for a score without a random part of
    which the single images are not kept, and where one of both has no numbers.
    """
    found = comparisons(records)
    counted = [one for one in found if one.quantity.compared == "count"]
    judged = {one.key: _counted(one, study) for one in counted if math.isfinite(_gap(one))}
    for family in _families(_estimated(found)).values():
        judged |= decide({one.key: _question(one, estimate, study) for one, estimate in family})
    return {one.key: judged[one.key] for one in found if one.key in judged}


def leaders(study: StudyFacts, records: Sequence[Record]) -> frozenset[Key]:
    """Variants that are better than every other one under their conditions (Holm over all pairs).

    None where numbers are counted, or have no random part: there no test is needed to see the best.
    """
    compared = compared_axes(records)
    groups: dict[tuple[tuple[str, str], ...], dict[str, None]] = {}
    for record in records:
        groups.setdefault(context(record.choices, compared), {})[record.variant] = None
    return frozenset(key for group in groups.values() for key in _leading(study, records, list(group)))


def _leading(study: StudyFacts, records: Sequence[Record], group: Sequence[str]) -> Iterator[Key]:
    own = [record for record in records if record.variant in group and record.done]
    for measure in dict.fromkeys(record.measure for record in own):
        under = [record for record in own if record.measure == measure]
        some = [one for one in between(under, dict.fromkeys(group, group[0])) if not one.exact]
        for metric in dict.fromkeys(one.metric for one in some if one.quantity.compared != "count"):
            best = _best([record for record in under if not is_exact(record)], metric)
            if best and _beats_all(study, under, dict.fromkeys(group, best), metric):
                yield best, measure, metric


def _best(records: Sequence[Record], metric: str) -> str | None:
    """The variant with the best value; None where there is only one."""
    own: dict[str, list[Record]] = {}
    for record in records:
        own.setdefault(record.variant, []).append(record)
    known = {variant: middle(one, metric) for variant, one in own.items()}
    known = {variant: value for variant, value in known.items() if not math.isnan(value)}
    if len(known) < 2:
        return None
    best = max if quantity(metric).direction == "higher" else min
    return best(known, key=lambda variant: known[variant])


def _beats_all(study: StudyFacts, records: Sequence[Record], against: Mapping[str, str], metric: str) -> bool:
    """Whether all others are worse than the best, with as many tests as there are pairs."""
    found = [one for one in between(records, against) if one.metric == metric]
    questions = [_question(one, estimate, study) for one, estimate in _estimated(found)]
    pairs = (len(questions) + 1) * len(questions) / 2
    return bool(questions) and all(_is_worse(one, (1 - LEVEL) / pairs) for one in questions)


def _is_worse(one: Question, alpha: float) -> bool:
    return decide({0: one}, 1 - alpha)[0].kind == "worse"


def _families(
    estimated: Sequence[tuple[Comparison, Estimate]],
) -> dict[tuple[str, str, str], list[tuple[Comparison, Estimate]]]:
    """The comparisons under one measure in one metric are corrected together: a column of the table."""
    families: dict[tuple[str, str, str], list[tuple[Comparison, Estimate]]] = {}
    for one, estimate in estimated:
        families.setdefault((one.measure, one.metric, estimate.source), []).append((one, estimate))
    return families


def _estimated(found: Sequence[Comparison]) -> list[tuple[Comparison, Estimate]]:
    """Every comparison that something random goes into, with its estimate."""
    random = [one for one in found if one.quantity.compared != "count"]
    over = _over_images([one for one in random if only_images_can_tell(one)])
    told = [(one, over.get(one.key) or estimates(one)) for one in random]
    return [(one, estimate) for one, estimate in told if estimate is not None]


def _over_images(found: Sequence[Comparison]) -> dict[Key, Estimate]:
    """With one seed only the images can be drawn again: estimates by variant, measure and metric."""
    estimated: dict[Key, Estimate] = {}
    for measure, base in dict.fromkeys((one.measure, one.baseline) for one in found):
        own = {o.variant: o for o in found if (o.measure, o.baseline) == (measure, base)}
        theirs = pixels(next(iter(own.values())).theirs[0])
        ours = {variant: pixels(one.ours[0]) for variant, one in own.items()}
        kept = {variant: one for variant, one in ours.items() if one is not None}
        if theirs is None or not kept:
            continue
        for variant, told in zip(kept, over_images(theirs, list(kept.values())), strict=True):
            estimated |= {(variant, measure, metric): one for metric, one in told.items()}
    return estimated


def margin_of(study: StudyFacts, metric: str) -> Margin:
    """The margin that the study states, or else the metric's own."""
    return study.margin.get(metric, quantity(metric).margin)


def middle(records: Sequence[Record], metric: str) -> float:
    """The mean over the outcomes; NaN where there is none."""
    known = [value for value in values(records, metric) if not math.isnan(value)]
    return statistics.fmean(known) if known else math.nan


def _question(one: Comparison, estimate: Estimate, study: StudyFacts) -> Question:
    margin = margin_of(study, one.metric)
    bound = margin.value if estimate.ratio else margin.beside(middle(one.theirs, one.metric))
    return Question(estimate, bound, one.quantity.direction)


def _counted(one: Comparison, study: StudyFacts) -> Verdict:
    theirs, ours = middle(one.theirs, one.metric), middle(one.ours, one.metric)
    return count(theirs, ours, margin_of(study, one.metric).beside(theirs), one.quantity.direction)


def _gap(one: Comparison) -> float:
    return middle(one.ours, one.metric) - middle(one.theirs, one.metric)
