"""Tables of what variants reach: by class, by size of object, by distance to a border."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.quantity import quantity
from segablate.report.blocks import Cell, Section, Table
from segablate.report.trainings import Training, by_measure, chosen, told_seeds
from segablate.report.words import counted

MOST_COLUMNS = 6
MOST_CLASSES = 40
SIZES = {"small": "small (< 32² px)", "medium": "medium (< 96² px)", "large": "large"}


def where(found: Sequence[Training]) -> tuple[Section, ...]:
    """For each measure: mIoU by size of object and by distance to a border."""
    made = []
    several = len(by_measure(found)) > 1
    for label, own in by_measure(found).items():
        table = _where(own)
        if table:
            title = "By size of object and distance to a border"
            made.append(Section(f"{title}: {label}" if several else title, (table,)))
    return tuple(made)


def by_class(found: Sequence[Training]) -> Table | None:
    """Classes × variants under the measure with most of them, the worst classes where there are many."""
    groups = by_measure(found)
    if not groups:
        return None
    own = chosen(max(groups.values(), key=len), MOST_COLUMNS)
    scores = [one.mean("per_class_iou") for one in own]
    known = sorted({index for one in scores for index in one}, key=int)
    if not known:
        return None
    worst = sorted(known, key=lambda index: min(one.get(index, 1.0) for one in scores))[:MOST_CLASSES]
    names = own[0].records[0].facts.get("class_names", ())
    rows = [
        (Cell(_name(names, index)), *(_shown(one.get(index), "iou") for one in scores))
        for index in sorted(worst, key=int)
    ]
    return Table(
        head=("class", *(_heading(one) for one in own)),
        rows=tuple(rows),
        below=_below(own, max(groups.values(), key=len), len(known)),
    )


def _where(own: Sequence[Training]) -> Table | None:
    sizes, bands = [one.mean("by_size") for one in own], [one.mean("trimap") for one in own]
    columns = [word for word in SIZES if any(word in scores for scores in sizes)]
    widths = sorted({width for scores in bands for width in scores}, key=int)
    if not columns and not widths:
        return None
    rows = [
        (
            Cell(_heading(one)),
            *(_shown(size.get(word), "miou") for word in columns),
            *(_shown(band.get(width), "miou") for width in widths),
        )
        for one, size, band in zip(own, sizes, bands, strict=True)
    ]
    return Table(
        head=(
            "variant",
            *(SIZES[word] for word in columns),
            *(f"≤ {width} px" for width in widths),
        ),
        rows=tuple(rows),
        below=(
            f"mIoU (%), mean over {told_seeds(own)}, of the pixels of objects of a size, "
            "and of those at most so many pixels from a border between two labels.",
            "An object is a connected part of one class in the truth; "
            "a false alarm counts with the object that it lies on.",
        ),
    )


def _below(shown: Sequence[Training], own: Sequence[Training], classes: int) -> tuple[str, ...]:
    said = [f"IoU (%) under {shown[0].measure}, mean over {told_seeds(shown)}."]
    if len(shown) < len(own):
        said.append(
            f"Of {counted(len(own), 'variant')} the baseline and those with the highest mIoU are shown; "
            "results.csv has all."
        )
    if classes > MOST_CLASSES:
        said.append(
            f"Of {classes} classes the {MOST_CLASSES} with the lowest IoU are shown; results.csv has all."
        )
    return tuple(said)


def _heading(one: Training) -> str:
    return f"{one.variant} (baseline)" if one.baseline and one.variant != "baseline" else one.variant


def _name(names: Sequence[str], index: str) -> str:
    return str(names[int(index)]) if int(index) < len(names) else index


def _shown(value: float | None, metric: str) -> Cell:
    return Cell("–" if value is None else quantity(metric).shown(value))
