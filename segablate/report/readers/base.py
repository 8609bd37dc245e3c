"""What a reader is: the face that a measure has on a page. A measure without one has the plain face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from segablate.quantity import quantity
from segablate.registry import Registry
from segablate.report.blocks import Cell, Section, Table
from segablate.report.data import Record
from segablate.report.figures import Picture, Row, Rows
from segablate.report.words import counted

readers = Registry("reader", "segablate.report.readers")

MOST_CLASSES = 40


@dataclass(frozen=True)
class Measured:
    """What was measured of a variant under a measure.

    Attributes:
        records: those with numbers; several are repeats.
    """

    records: tuple[Record, ...]

    @property
    def record(self) -> Record:
        """The first: what all of them have in common."""
        return self.records[0]

    @property
    def measure(self) -> str:
        """Label of the measure."""
        return self.record.measure

    @property
    def variant(self) -> str:
        """Label of the variant."""
        return self.record.variant

    @property
    def baseline(self) -> bool:
        """Whether others are compared with it."""
        return self.record.baseline


M = TypeVar("M", bound=Measured)


class Reader:
    """The plain face: the first metric in the table, no sentence and no pictures.

    A reader is registered under the name of its measure and overrides what it has more to say of. It is given
    every record of the study, and looks at those of its measure.

    Attributes:
        headline: metrics of the main table → heading; none: the first that was measured.
    """

    headline: ClassVar[Mapping[str, str]] = {}

    def shown(self, metrics: Sequence[str]) -> dict[str, str]:
        """Metrics of the main table and their headings, of those that were measured."""
        if self.headline:
            return {metric: head for metric, head in self.headline.items() if metric in metrics}
        return {metric: quantity(metric).heading for metric in metrics[:1]}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What was found, in one sentence; "" where there is none."""
        return ""

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Pictures, those first that people ask for first; label maps come last."""
        return ()

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Folded sections: where a number comes from."""
        return ()


def reader(use: str) -> Reader:
    """The reader of a measure."""
    if use in readers.names():
        made: Reader = readers.part(use).build({}, {})
        return made
    return Reader()


def by_measure(measured: Iterable[M]) -> dict[str, list[M]]:
    """What was measured, apart for each measure."""
    groups: dict[str, list[M]] = {}
    for result in measured:
        groups.setdefault(result.measure, []).append(result)
    return groups


def baseline_of(own: Sequence[M]) -> M:
    """The baseline's; the first one if there is none."""
    return next((measured for measured in own if measured.baseline), own[0])


def called(measured: Measured) -> str:
    """A variant by its name, and whether it is the baseline."""
    return f"the baseline ({measured.variant})" if measured.baseline else measured.variant


def class_name(record: Record, index: str) -> str:
    """The name of a class, or its number where it has none."""
    names = record.facts.get("class_names", ())
    return str(names[int(index)]) if int(index) < len(names) else index


def by_class(record: Record, scores: Mapping[str, Mapping[str, float]], below: Sequence[str]) -> Table | None:
    """Classes × what is compared, in the order of the classes; the worst ones where there are many.

    Args:
        record: which knows the names of the classes.
        scores: heading → class → IoU.
        below: what is to be said of the scores.
    """
    known = sorted({index for own in scores.values() for index in own}, key=int)
    if not known:
        return None
    worst = sorted(known, key=lambda index: min(own.get(index, 1.0) for own in scores.values()))[
        :MOST_CLASSES
    ]
    what = quantity("iou")
    left = (
        [f"Of {len(known)} classes the {len(worst)} with the lowest IoU are shown; results.csv has all."]
        if len(worst) < len(known)
        else []
    )
    return Table(
        head=("class", *scores),
        rows=tuple(
            (
                Cell(class_name(record, index)),
                *(Cell(what.shown(float(own[index])) if index in own else "–") for own in scores.values()),
            )
            for index in sorted(worst, key=int)
        ),
        below=(*below, *left),
    )


def parts_of_difference(
    name: str, caption: str, record: Record, first: Mapping[str, float], second: Mapping[str, float]
) -> Rows | None:
    """Where a difference in mIoU comes from: what each class adds to it, the most first, then their sum.

    Args:
        name: stem of the figure's file.
        caption: which difference it is.
        record: which knows the names of the classes.
        first: class → IoU, of what is compared.
        second: the same of what it is compared with. Both have the same classes, or there is no such sum.
    """
    if not first or first.keys() != second.keys():
        return None
    added = {index: (first[index] - second[index]) / len(first) for index in first}
    order = sorted(added, key=lambda index: (-abs(added[index]), int(index)))
    shown, rest = order[: MOST_CLASSES // 2], order[MOST_CLASSES // 2 :]
    rows = [Row(class_name(record, index), added[index]) for index in shown]
    if rest:
        rows.append(
            Row(counted(len(rest), "other class", "other classes"), sum(added[index] for index in rest))
        )
    return Rows(
        name=name,
        caption=f"{caption} The bars of the classes add up to the last one.",
        metric="miou",
        rows=(*rows, Row("all classes: mIoU", sum(added.values()))),
        form="parts",
        against="it",
    )
