"""What is set against what: every variant with numbers beside its baseline, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from segablate.evidence.estimate import Estimate, between_seeds
from segablate.evidence.images import METRICS, Pixels
from segablate.evidence.pairs import Pairs, pair
from segablate.evidence.processes import paired_processes
from segablate.quantity import Quantity, quantity
from segablate.report.contexts import baselines
from segablate.report.data import Record, artefact_path
from segablate.report.matrices import IMAGES, of_file


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
    def key(self) -> tuple[str, str, str]:
        """Variant, measure and metric."""
        return self.variant, self.measure, self.metric

    @property
    def quantity(self) -> Quantity:
        """What the metric means."""
        return quantity(self.metric)

    @cached_property
    def pairs(self) -> Pairs:
        """The numbers of both, by seed."""
        return pair(_by_seed(self.theirs, self.metric), _by_seed(self.ours, self.metric))

    @property
    def exact(self) -> bool:
        """Whether neither side has a random part."""
        return all(record.exact for record in (*self.ours, *self.theirs))


def comparisons(records: Sequence[Record]) -> list[Comparison]:
    """All comparisons, in the order of the records; none of metrics that have no better side."""
    return between(records, {v: b for v, b in baselines(records).items() if b is not None})


def between(records: Sequence[Record], against: Mapping[str, str]) -> list[Comparison]:
    """Each variant beside the one it is set against, under every measure and metric that both have."""
    sides: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        own = sides.setdefault((record.variant, record.measure), {})
        if record.outcome and record.done:
            own.setdefault(record.outcome.key, record)  # repeats that share an outcome are one
    metrics = {side: _metrics(own.values()) for side, own in sides.items()}
    found = []
    for (variant, measure), ours in sides.items():
        base = against.get(variant, variant)
        theirs = sides.get((base, measure), {})
        for metric in metrics[variant, measure] if theirs and base != variant else ():
            if metric in metrics[base, measure] and quantity(metric).compared != "none":
                records_of = tuple(ours.values()), tuple(theirs.values())
                found.append(Comparison(variant, base, measure, metric, *records_of))
    return found


def estimates(one: Comparison) -> Estimate | None:
    """What the seeds or processes say; None where only the images, or nothing random, is there to ask."""
    if one.quantity.compared == "ratio":
        return paired_processes(one.pairs)
    pairs = one.pairs
    if one.exact and len(pairs.seeds) < 2:
        return None
    return between_seeds(pairs)


def pixels(record: Record) -> Pixels | None:
    """Pixels a class of each test image of a record; None where the report's data have none."""
    return of_file(artefact_path(record, IMAGES))


def only_images_can_tell(one: Comparison) -> bool:
    """Whether both sides have one seed, the same one, and a metric that images can be asked about."""
    return one.metric in METRICS and len(one.ours) == len(one.theirs) == 1 and len(one.pairs.seeds) == 1


def _by_seed(records: Iterable[Record], metric: str) -> dict[int, float]:
    return {record.seed: record.outcome.value(metric) for record in records if record.outcome}


def _metrics(records: Iterable[Record]) -> list[str]:
    taken = (m.metric for record in records if record.outcome for m in record.outcome.measurements)
    return list(dict.fromkeys(taken))
