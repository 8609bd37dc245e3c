"""Accuracy on a page: mIoU of trained networks, and by class, size of object and distance to a border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segablate.report import accuracy_figures, accuracy_tables, class_dots
from segablate.report.blocks import Section
from segablate.report.contrasts import contrasts
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.readers.base import Reader, readers
from segablate.report.sheets import Contrast, Sheet
from segablate.report.trainings import by_measure, told_seeds, trainings
from segablate.report.words import counted, percent


@readers.register("accuracy")
class Accuracy(Reader):
    """Scores of trained networks."""

    headline: ClassVar = {"miou": "mIoU (%)"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline reaches, and the highest mean of the others: a description and no verdict."""
        own = by_measure(trainings(records)).get(measure, [])
        if not own:
            return ""
        base = next((one for one in own if one.baseline), own[0])
        seeds = told_seeds(own)
        said = f"{base.variant} reaches {percent(base.miou)} mIoU ({seeds})"
        others = [one for one in own if one is not base]
        if not others:
            return f"{said}."
        low, high = (pick(others, key=lambda one: one.miou) for pick in (min, max))
        if low is high:
            return f"{said}, {high.variant} {percent(high.miou)}."
        ends = [f"{percent(one.miou)} ({one.variant})" for one in (low, high)]
        told = f"from {ends[0]} to {ends[1]}"
        return f"{said}, the {counted(len(others), 'other')} {told}."

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Borders, training, classes."""
        found = trainings(records)
        return (*accuracy_figures.figures(found), *class_dots.of_accuracy(found))

    def sheets(self, records: Sequence[Record]) -> tuple[Sheet | Contrast, ...]:
        """Test images on which the variants disagree most."""
        return contrasts(records)

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Where a difference comes from."""
        found = trainings(records)
        classes = accuracy_tables.by_class(found)
        return (
            *((Section("By class", (classes,)),) if classes else ()),
            *accuracy_tables.where(found),
        )
