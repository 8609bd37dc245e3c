"""What is compared with what, and the verdicts: every variant with numbers beside its baseline, pair by pair.

A variant's baseline differs from it in what is compared, and in nothing else. Axes of the model are what a
study compares, where it has any; data, input, recipe and the output stride are then conditions, and each
condition has its own baseline. A study that varies the recipe but no model compares recipes, and one that
varies neither compares what it varies. What a study lists under `conditions` is one too: whether a decoder is
faster is asked with the same encoder.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, TypeVar

from segablate.evidence.decide import Question, count, decide
from segablate.evidence.estimate import Estimate, between_seeds
from segablate.evidence.images import METRICS, Pixels, over_images
from segablate.evidence.pairs import Pairs, pair
from segablate.evidence.processes import paired_processes
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, Quantity, quantity
from segablate.report.data import Record, artefact_path
from segablate.report.facts import StudyFacts
from segablate.report.matrices import IMAGES, of_file
from segablate.report.names import STRIDE

# the first kind that a study varies is what it compares
SUBJECTS = ("model", "recipe")
Choices = Mapping[str, str]
Key: TypeAlias = tuple[str, str, str]  # variant, measure, metric
Verdicts: TypeAlias = Mapping[Key, Verdict]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Comparison:
    """One variant beside its baseline under one measure.

    Attributes:
        variant: its label.
        baseline: label of the baseline under the same conditions.
        measure: label of the measure.
        metric: what is compared.
        ours: the variant's records, one an outcome.
        theirs: the baseline's.
    """

    variant: str
    baseline: str
    measure: str
    metric: str
    ours: tuple[Record, ...]
    theirs: tuple[Record, ...]

    @property
    def key(self) -> Key:
        """Variant, measure and metric."""
        return self.variant, self.measure, self.metric

    @property
    def quantity(self) -> Quantity:
        """What the metric means."""
        return quantity(self.metric)

    @cached_property
    def pairs(self) -> Pairs:
        """The numbers of both, by seed."""
        theirs, ours = (
            {record.seed: record.outcome.value(self.metric) for record in side if record.outcome}
            for side in (self.theirs, self.ours)
        )
        return pair(theirs, ours)

    @property
    def exact(self) -> bool:
        """Whether neither side has a random part."""
        return all(record.exact for record in (*self.ours, *self.theirs))


def compared_axes(records: Sequence[Record]) -> tuple[str, ...]:
    """The axes whose values are compared with the baseline's; the others are conditions."""
    conditions = {field for record in records for field in record.conditions}
    fields = dict.fromkeys(field for record in records for field in record.choices)
    axes = [field for field in fields if field not in conditions]
    for subject in SUBJECTS:
        own = tuple(axis for axis in axes if axis.split(".")[0] == subject and not axis.endswith(STRIDE))
        if own:
            return own
    return tuple(axes)


def context(choices: Choices, compared: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The conditions of a variant: its values on the axes that are not compared."""
    return tuple((field, label) for field, label in choices.items() if field not in compared)


def baselines(records: Sequence[Record]) -> dict[str, str | None]:
    """Variant → the baseline under the same conditions; itself where it is one, None where there is none."""
    choices = {record.variant: record.choices for record in records}
    base = next((record for record in records if record.baseline), None)
    if base is None:
        return dict.fromkeys(choices)
    compared = compared_axes(records)
    wanted = {field: base.choices.get(field) for field in compared}
    base_by_context = {
        context(own, compared): variant
        for variant, own in choices.items()
        if all(own.get(field) == label for field, label in wanted.items())
    }
    return {variant: base_by_context.get(context(own, compared)) for variant, own in choices.items()}


def comparisons(records: Sequence[Record]) -> list[Comparison]:
    """All comparisons, in the order of the records; none of metrics that have no better side."""
    return between(records, {v: b for v, b in baselines(records).items() if b is not None})


def between(records: Sequence[Record], against: Mapping[str, str]) -> list[Comparison]:
    """Each variant beside the one it is compared with, under every measure and metric that both have."""
    sides: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        own = sides.setdefault((record.variant, record.measure), {})
        if record.outcome and record.done:
            own.setdefault(record.outcome.key, record)  # repeats that share an outcome are one
    metrics = {side: metrics_of(own.values()) for side, own in sides.items()}
    compared = []
    for (variant, measure), ours in sides.items():
        base = against.get(variant, variant)
        theirs = sides.get((base, measure), {})
        for metric in metrics[variant, measure] if theirs and base != variant else ():
            if metric in metrics[base, measure] and quantity(metric).compared != "none":
                records_of = tuple(ours.values()), tuple(theirs.values())
                compared.append(Comparison(variant, base, measure, metric, *records_of))
    return compared


def metrics_of(records: Iterable[Record]) -> list[str]:
    """The metrics that some records have numbers of."""
    taken = (m.metric for record in records if record.outcome for m in record.outcome.measurements)
    return list(dict.fromkeys(taken))


def verdicts(
    study: StudyFacts, records: Sequence[Record], compared: Sequence[Comparison] | None = None
) -> Verdicts:
    """Variant, measure and metric → verdict against the baseline under the same conditions.

    There is none for a baseline, for a metric without a better side, for a score without a random part of
    which the single images are not kept, and where one of both has no numbers. All that something random
    goes into are one family, whatever was measured and drawn: they stand in one table, and a reader looks
    for the one that stands out. `found` are the comparisons of the records, where they are made already.
    """
    compared = comparisons(records) if compared is None else compared
    made = {**on_images(decide(questions(compared, study.margin))), **counts(compared, study.margin)}
    return {comparison.key: made[comparison.key] for comparison in compared if comparison.key in made}


def on_images(made: Mapping[K, Verdict]) -> dict[K, Verdict]:
    """Nothing is decided by one training each: its images say nothing of training again."""
    return {
        key: replace(verdict, kind="undecided", needed=None) if verdict.source == "images" else verdict
        for key, verdict in made.items()
    }


def questions(comparisons: Sequence[Comparison], margins: Mapping[str, Margin]) -> dict[Key, Question]:
    """What is asked of every comparison that something random goes into, by variant, measure and metric."""
    random = [comparison for comparison in comparisons if comparison.quantity.compared != "count"]
    over = _over_images([comparison for comparison in random if _only_images_can_tell(comparison)])
    estimates = {comparison.key: over.get(comparison.key) or _estimate(comparison) for comparison in random}
    return {
        comparison.key: Question(
            estimate, _bound(comparison, estimate, margins), comparison.quantity.direction
        )
        for comparison in random
        if (estimate := estimates[comparison.key]) is not None
    }


def counts(comparisons: Iterable[Comparison], margins: Mapping[str, Margin]) -> dict[Key, Verdict]:
    """The verdicts on two counts; none where one of them is not there."""
    made = {}
    for comparison in comparisons:
        if comparison.quantity.compared != "count":
            continue
        theirs, ours = (
            middle(comparison.theirs, comparison.metric),
            middle(comparison.ours, comparison.metric),
        )
        if math.isfinite(ours - theirs):
            bound = margin_of(margins, comparison.metric).beside(theirs)
            made[comparison.key] = count(theirs, ours, bound, comparison.quantity.direction)
    return made


def margin_of(margins: Mapping[str, Margin], metric: str) -> Margin:
    """The margin that a study states, or else the metric's own."""
    return margins.get(metric, quantity(metric).margin)


def values(records: Iterable[Record], metric: str) -> list[float]:
    """Values of a metric, one an outcome: repeats that share an outcome count once."""
    outcomes = {record.outcome.key: record.outcome for record in records if record.done and record.outcome}
    return [outcome.value(metric) for outcome in outcomes.values()]


def middle(records: Iterable[Record], metric: str) -> float:
    """The mean over the outcomes; NaN where there is none."""
    known = [value for value in values(records, metric) if not math.isnan(value)]
    return statistics.fmean(known) if known else math.nan


def _estimate(comparison: Comparison) -> Estimate | None:
    """What the seeds or processes say; None where only the images, or nothing random, is there to ask."""
    if comparison.quantity.compared == "ratio":
        return paired_processes(comparison.pairs)
    return None if comparison.exact and len(comparison.pairs.seeds) < 2 else between_seeds(comparison.pairs)


def _bound(comparison: Comparison, estimate: Estimate, margins: Mapping[str, Margin]) -> float:
    margin = margin_of(margins, comparison.metric)
    if estimate.ratio or not margin.relative:
        return margin.value
    return margin.beside(middle(comparison.theirs, comparison.metric))


def _only_images_can_tell(comparison: Comparison) -> bool:
    """Whether both sides have one seed, the same one, and a metric that images can be asked about."""
    return (
        comparison.metric in METRICS
        and len(comparison.ours) == len(comparison.theirs) == 1
        and len(comparison.pairs.seeds) == 1
    )


def _over_images(comparisons: Sequence[Comparison]) -> dict[Key, Estimate]:
    """With one seed only the images can be drawn again: estimates by variant, measure and metric."""
    estimated: dict[Key, Estimate] = {}
    groups: dict[tuple[str, str], dict[str, Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault((comparison.measure, comparison.baseline), {})[comparison.variant] = comparison
    for (measure, _), own in groups.items():
        theirs = _pixels(next(iter(own.values())).theirs[0])
        ours = {variant: _pixels(comparison.ours[0]) for variant, comparison in own.items()}
        if theirs is None:
            continue
        comparable = {
            variant: pixels for variant, pixels in ours.items() if pixels and pixels.classes == theirs.classes
        }
        for variant, metrics in zip(comparable, over_images(theirs, list(comparable.values())), strict=True):
            estimated |= {(variant, measure, metric): estimate for metric, estimate in metrics.items()}
    return estimated


def _pixels(record: Record) -> Pixels | None:
    """Pixels a class of each test image of a record; None where the report's data have none."""
    return of_file(artefact_path(record, IMAGES))
