"""From comparisons to what can be asked of them: an estimate each, and what would matter."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from segablate.evidence.decide import Question, count
from segablate.evidence.estimate import Estimate
from segablate.evidence.images import over_images
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, quantity
from segablate.report.comparisons import Comparison, estimates, only_images_can_tell, pixels
from segablate.report.data import Record
from segablate.report.table import values

Key = tuple[str, str, str]


def questions(found: Sequence[Comparison], margins: Mapping[str, Margin]) -> dict[Key, Question]:
    """What is asked of every comparison that something random goes into, by variant, measure and metric."""
    random = [one for one in found if one.quantity.compared != "count"]
    over = _over_images([one for one in random if only_images_can_tell(one)])
    told = [(one, over.get(one.key) or estimates(one)) for one in random]
    return {one.key: _question(one, estimate, margins) for one, estimate in told if estimate is not None}


def counted(one: Comparison, margins: Mapping[str, Margin]) -> Verdict | None:
    """The verdict on two counts; None where one of them is not there."""
    theirs, ours = middle(one.theirs, one.metric), middle(one.ours, one.metric)
    if not math.isfinite(ours - theirs):
        return None
    return count(theirs, ours, margin_of(margins, one.metric).beside(theirs), one.quantity.direction)


def margin_of(margins: Mapping[str, Margin], metric: str) -> Margin:
    """The margin that a study states, or else the metric's own."""
    return margins.get(metric, quantity(metric).margin)


def middle(records: Sequence[Record], metric: str) -> float:
    """The mean over the outcomes; NaN where there is none."""
    known = [value for value in values(records, metric) if not math.isnan(value)]
    return statistics.fmean(known) if known else math.nan


def _over_images(found: Sequence[Comparison]) -> dict[Key, Estimate]:
    """With one seed only the images can be drawn again: estimates by variant, measure and metric."""
    estimated: dict[Key, Estimate] = {}
    groups: dict[tuple[str, str], dict[str, Comparison]] = {}
    for one in found:
        groups.setdefault((one.measure, one.baseline), {})[one.variant] = one
    for (measure, _), own in groups.items():
        theirs = pixels(next(iter(own.values())).theirs[0])
        ours = {variant: pixels(one.ours[0]) for variant, one in own.items()}
        if theirs is None:
            continue
        kept = {variant: one for variant, one in ours.items() if one and one.classes == theirs.classes}
        for variant, told in zip(kept, over_images(theirs, list(kept.values())), strict=True):
            estimated |= {(variant, measure, metric): one for metric, one in told.items()}
    return estimated


def _question(one: Comparison, estimate: Estimate, margins: Mapping[str, Margin]) -> Question:
    margin = margin_of(margins, one.metric)
    bound = margin.value if estimate.ratio else margin.beside(middle(one.theirs, one.metric))
    return Question(estimate, bound, one.quantity.direction)
