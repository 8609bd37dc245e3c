"""Per-class IoU as data for a dot plot: a row a class, a marker a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.report.ceilings import Ceiling
from segablate.report.data import Record
from segablate.report.figures import Dots, Series
from segablate.report.per_class import class_name, selected
from segablate.report.trainings import Training, by_measure, chosen, told_seeds
from segablate.report.words import images, stem

MOST_SERIES = 6
MOST_CLASSES = 40


def of_ceilings(found: Sequence[Ceiling], baseline: Mapping[str, str]) -> tuple[Dots, ...]:
    """The baseline and the best at each output stride, worst class first."""
    chosen = [one for one in selected(found, baseline) if one.record.facts.get("per_class_iou")]
    if len(chosen) < 2:
        return ()
    scores = [(f"stride {one.stride}: {one.name}", _scores(one.record)) for one in chosen[:MOST_SERIES]]
    first = chosen[0]
    told = f"IoU by class under {first.measure}, n = {images(one.images for one in chosen)}."
    return (_dots(f"by-class-{stem(first.measure)}", told, first.record, scores),)


def of_accuracy(found: Sequence[Training]) -> tuple[Dots, ...]:
    """The variants of the table by class, under each measure that tells IoU by class."""
    drawn: list[Dots] = []
    for measure, group in by_measure(found).items():
        own = [one for one in chosen(group, MOST_SERIES) if one.mean("per_class_iou")]
        if len(own) < 2:
            continue
        left = f" The baseline and the best, {len(own)} of {len(group)}." if len(own) < len(group) else ""
        told = f"IoU by class under {measure}, mean over {told_seeds(own)}.{left}"
        scores = [(one.variant, one.mean("per_class_iou")) for one in own]
        name = stem(f"by-class-{measure}", [one.name for one in drawn])
        drawn.append(_dots(name, told, own[0].records[0], scores))
    return tuple(drawn)


def _dots(name: str, told: str, record: Record, scores: Sequence[tuple[str, Mapping[str, float]]]) -> Dots:
    known = {index for _, own in scores for index in own}
    worst = sorted(known, key=lambda index: (min(own.get(index, 1.0) for _, own in scores), int(index)))
    shown = worst[:MOST_CLASSES]
    left = f" The {MOST_CLASSES} lowest of {len(worst)} classes." if len(worst) > len(shown) else ""
    return Dots(
        name=name,
        caption=f"{told} The class that some variant does worst comes first.{left}",
        metric="iou",
        rows=tuple(class_name(record, index) for index in shown),
        series=tuple(Series(label, tuple(own.get(index) for index in shown)) for label, own in scores),
    )


def _scores(record: Record) -> dict[str, float]:
    return {index: float(score) for index, score in record.facts["per_class_iou"].items()}
