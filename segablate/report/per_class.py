"""Which classes an upsampler loses: per-class IoU of the baseline and the best at each output stride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.quantity import quantity
from segablate.report.blocks import Cell, Table
from segablate.report.ceilings import Ceiling, at, baseline_of, best_of, strides, widest
from segablate.report.data import Record
from segablate.report.words import images, listed, percent

MOST_CLASSES = 40
NAMED = 3


def selected(found: Sequence[Ceiling], baseline: Mapping[str, str], measure: str = "") -> list[Ceiling]:
    """The baseline and the best at each output stride, under the measure that scored most images.

    Where a study varies the data, on the first of them: other data have other classes.
    """
    label = measure or widest(found)
    own = [one for one in found if one.measure == label]
    first = [one for one in own if one.given == own[0].given]
    chosen: dict[int, Ceiling] = {}
    for stride in strides(first):
        (group,) = at(first, label, stride)
        chosen |= {id(one): one for one in (baseline_of(group, baseline), best_of(group))}
    return list(chosen.values())


def per_class(found: Sequence[Ceiling], baseline: Mapping[str, str]) -> Table | None:
    """Classes × selected variants, in the order of the classes; the worst ones where there are many."""
    chosen = selected(found, baseline) if found else []
    chosen = [one for one in chosen if one.record.facts.get("per_class_iou")]
    if not chosen:
        return None
    classes, shown = _classes(chosen)
    return Table(
        head=("class", *(f"stride {one.stride}: {one.name}" for one in chosen)),
        rows=tuple(
            (Cell(class_name(chosen[0].record, at_)), *(_cell(one, at_) for one in chosen)) for at_ in shown
        ),
        below=(*_told(chosen, len(classes), len(shown)), *(_losers(one) for one in chosen)),
    )


def class_name(record: Record, index: str) -> str:
    """The name of a class, or its number where it has none."""
    names = record.facts.get("class_names", ())
    return str(names[int(index)]) if int(index) < len(names) else index


def _classes(chosen: Sequence[Ceiling]) -> tuple[list[str], list[str]]:
    scores = [one.record.facts["per_class_iou"] for one in chosen]
    known = sorted({index for score in scores for index in score}, key=int)
    worst = sorted(known, key=lambda index: min(score.get(index, 1.0) for score in scores))[:MOST_CLASSES]
    return known, sorted(worst, key=int)


def _cell(one: Ceiling, index: str) -> Cell:
    value = one.record.facts["per_class_iou"].get(index)
    return Cell("–" if value is None else quantity("iou").shown(float(value)))


def _told(chosen: Sequence[Ceiling], known: int, shown: int) -> list[str]:
    said = [
        f"IoU (%) under {chosen[0].measure}, n = {images(one.images for one in chosen)}: "
        "at each output stride the baseline and the best."
    ]
    if shown < known:
        said.append(f"Of {known} classes the {shown} with the lowest IoU are shown; results.csv has all.")
    return said


def _losers(one: Ceiling) -> str:
    scores = one.record.facts["per_class_iou"]
    worst = sorted(scores, key=lambda index: (scores[index], int(index)))[:NAMED]
    named = listed([f"{class_name(one.record, index)} ({percent(scores[index], 'iou')})" for index in worst])
    lose = "loses" if len(worst) == 1 else "lose"
    return f"Stride {one.stride}, {one.name}: {named} {lose} most."
