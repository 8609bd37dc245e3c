"""The best variant under constraints, and which others cannot be told from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segablate.errors import SegablateError, near_miss
from segablate.evidence.decide import decide
from segablate.evidence.spread import Spread
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, Quantity, quantity
from segablate.report.comparisons import between, counts, on_images, questions
from segablate.report.data import Record
from segablate.report.results import spread_of
from segablate.report.verdicts import OVER_IMAGES
from segablate.report.words import listed

OF_ALL_PAIRS = (
    "The best was picked by the same numbers, so that its verdicts are corrected for every pair of variants: "
    "the report, which compares with the baseline only, may tell more apart."
)
UNITS = {"fps": 1.0, "p50_ms": 1.0, "macs": 1e9, "params": 1e6}


@dataclass(frozen=True)
class Constraint:
    """A bound on a metric, in the unit a person writes: images a second, ms, GMAC, million.

    Attributes:
        option: how the command line calls it.
        metric: what is bounded.
        bound: the most, or the least.
        least: whether it is the least.
    """

    option: str
    metric: str
    bound: float
    least: bool = False

    def holds(self, value: float) -> bool:
        """Whether a stored value keeps to it; a value that is not there does not."""
        shown = value / UNITS[self.metric]
        return shown >= self.bound if self.least else shown <= self.bound


def by_input(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """The records apart for each data set and input that they were measured on, with its name."""
    groups: dict[tuple[tuple[str, str], ...], list[Record]] = {}
    for record in records:
        groups.setdefault(record.inputs, []).append(record)
    return [(", ".join(label for _, label in where), own) for where, own in groups.items()]


@dataclass(frozen=True)
class Candidate:
    """One variant.

    Attributes:
        variant: its label.
        score: what is to be best; None where it was not measured.
        values: metric → stored value of each constraint.
        keeps: whether all constraints hold.
    """

    variant: str
    score: Spread | None
    values: Mapping[str, float]
    keeps: bool


@dataclass(frozen=True)
class Advice:
    """What to take.

    Attributes:
        by: the metric that is to be best.
        measure: label of the measure that gives it.
        best: the variant with the best score of those that keep to all constraints.
        alike: the others of them that cannot be told from it, with the verdict where there is one.
        told_apart: those that are worse beyond doubt.
        left_out: those that break a constraint or have no score.
    """

    by: Quantity
    measure: str
    best: Candidate
    alike: tuple[tuple[Candidate, Verdict | None], ...]
    told_apart: tuple[tuple[Candidate, Verdict | None], ...]
    left_out: tuple[Candidate, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the verdicts do not say."""
        sources = {verdict.source for _, verdict in (*self.alike, *self.told_apart) if verdict}
        images = (OVER_IMAGES,) if "images" in sources else ()
        return images + ((OF_ALL_PAIRS,) if any(verdict for _, verdict in self.alike) else ())


def recommend(
    records: Sequence[Record],
    constraints: Sequence[Constraint],
    *,
    by: str = "miou",
    under: Sequence[str] = (),
    margins: Mapping[str, Margin] | None = None,
) -> Advice:
    """The best variant under all constraints.

    Args:
        records: what a study found.
        constraints: what must hold.
        by: the metric that is to be best.
        under: labels of measures, where several give one metric.
        margins: metric → largest difference that does not matter; the metric's own where it is not there.

    Raises:
        SegablateError: the study does not measure what is asked, several measures do, or no variant keeps
            to the constraints.
    """
    what = quantity(by)
    known = {m.metric for record in records if record.outcome for m in record.outcome.measurements}
    if by not in known:
        raise SegablateError(f"the study has no numbers of `{by}`", where="--by", hint=near_miss(by, known))
    if what.direction == "none":
        raise SegablateError(f"neither way of `{by}` is better", where="--by")
    costs = {bound.metric: _values(records, bound, under) for bound in constraints}
    score = _source(records, by, under, "--by")
    candidates = [
        _candidate(variant, spread_of(own, by), constraints, costs)
        for variant, own in _by_variant(records, score).items()
    ]
    keeping = [candidate for candidate in candidates if candidate.keeps and candidate.score]
    if not keeping:
        raise SegablateError(_nobody(candidates, constraints), hint="loosen one of the constraints")
    sign = 1 if what.direction == "higher" else -1
    best = max(keeping, key=lambda other: sign * (other.score.value if other.score else math.nan))
    own = [record for record in records if record.measure == score]
    rest = [candidate for candidate in keeping if candidate is not best]
    verdicts = _verdicts(own, best.variant, [candidate.variant for candidate in rest], by, margins or {})
    others = [(candidate, verdicts.get(candidate.variant)) for candidate in rest]
    exact = all(record.exact for record in own if record.done)
    worse = [other for other in others if _is_worse(*other, best, exact)]
    beaten = {candidate.variant for candidate, _ in worse}
    taken = {candidate.variant for candidate in keeping}
    return Advice(
        by=what,
        measure=score,
        best=best,
        alike=tuple(other for other in others if other[0].variant not in beaten),
        told_apart=tuple(worse),
        left_out=tuple(candidate for candidate in candidates if candidate.variant not in taken),
    )


def _is_worse(candidate: Candidate, verdict: Verdict | None, best: Candidate, exact: bool) -> bool:
    if exact and candidate.score and best.score:  # no random part: what is lower is lower
        return candidate.score.value != best.score.value
    return verdict is not None and verdict.kind == "worse"


def _source(records: Sequence[Record], metric: str, under: Sequence[str], option: str) -> str:
    """The measure that gives a metric; one that trains goes before a ceiling."""
    having = [
        record
        for record in records
        if record.done and record.outcome and metric in {m.metric for m in record.outcome.measurements}
    ]
    labels = list(dict.fromkeys(record.measure for record in having))
    wanted = [label for label in labels if label in under] or labels
    trained = list(
        dict.fromkeys(
            record.measure for record in having if record.use != "oracle" and record.measure in wanted
        )
    )
    wanted = trained or wanted
    if not wanted:
        known = {m.metric for record in records if record.outcome for m in record.outcome.measurements}
        raise SegablateError(
            f"the study has no numbers of `{metric}`", where=option, hint=near_miss(metric, known)
        )
    if len(wanted) > 1:
        several = listed([f"`{label}`" for label in wanted])
        raise SegablateError(
            f"`{metric}` is measured under {several}", where=option, hint=f"say which: `--under {wanted[0]}`"
        )
    return wanted[0]


def _values(records: Sequence[Record], bound: Constraint, under: Sequence[str]) -> dict[str, float]:
    """Variant → stored value of what a constraint bounds; images a second also come from the time of one."""
    metric, turn = bound.metric, _same
    known = {m.metric for record in records if record.outcome for m in record.outcome.measurements}
    if metric == "fps" and "fps" not in known and "p50_ms" in known:
        metric, turn = "p50_ms", _per_second
    label = _source(records, metric, under, bound.option)
    values = {}
    for variant, own in _by_variant(records, label).items():
        if spread := spread_of(own, metric):
            values[variant] = turn(spread.value, own[0])
    return values


def _by_variant(records: Sequence[Record], label: str) -> dict[str, list[Record]]:
    """The records of one measure, variant by variant; none of a variant that it did not measure."""
    variants: dict[str, list[Record]] = {record.variant: [] for record in records}
    for record in records:
        if record.measure == label:
            variants[record.variant].append(record)
    return variants


def _same(value: float, record: Record) -> float:
    return value


def _per_second(value: float, record: Record) -> float:
    return 1000 * float(record.reads.get("batch", 1)) / value if value else math.inf


def _candidate(
    variant: str,
    score: Spread | None,
    constraints: Sequence[Constraint],
    costs: Mapping[str, Mapping[str, float]],
) -> Candidate:
    values = {bound.metric: costs[bound.metric].get(variant, math.nan) for bound in constraints}
    keeps = all(bound.holds(values[bound.metric]) for bound in constraints)
    return Candidate(variant, score, values, keeps)


def _verdicts(
    records: Sequence[Record], best: str, others: Sequence[str], metric: str, margins: Mapping[str, Margin]
) -> dict[str, Verdict]:
    """The others against the best, over what the report's verdicts are over; none of one seed or process."""
    differences = [
        verdict for verdict in between(records, dict.fromkeys(others, best)) if verdict.metric == metric
    ]
    known = {
        key: verdict for key, verdict in questions(differences, margins).items() if verdict.estimate.known
    }
    made = {**on_images(decide(known, best_of_all=True)), **counts(differences, margins)}
    return {variant: verdict for (variant, _, _), verdict in made.items()}


def _nobody(candidates: Sequence[Candidate], constraints: Sequence[Constraint]) -> str:
    bounds = []
    for bound in constraints:
        what, known = quantity(bound.metric), [c.values[bound.metric] for c in candidates]
        known = [value for value in known if not math.isnan(value)]
        if known:
            nearest = (max if bound.least else min)(known) / UNITS[bound.metric]
            way = "most" if bound.least else "least"
            bounds.append(f"`{bound.option} {bound.bound:g}` (the {way} {what.title} is {nearest:.4g})")
    return f"no variant keeps to {listed(bounds)}" if bounds else "no variant has numbers"
