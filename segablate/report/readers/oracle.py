"""Ceilings on a page: mIoU* by output stride, and which classes and label maps come back worst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segablate.report import ceiling_curves, class_dots, joined, pictures
from segablate.report.blocks import Section
from segablate.report.ceilings import at, baseline_choices, baseline_of, best_of, ceilings, strides
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.per_class import per_class
from segablate.report.readers.base import Reader, readers
from segablate.report.sheets import Contrast, Sheet
from segablate.report.trainings import trainings
from segablate.report.words import percent


@readers.register("oracle")
class Oracle(Reader):
    """mIoU* of label maps that were encoded and restored."""

    headline: ClassVar = {"miou": "mIoU* (%)", "code_bits": "bits a cell"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline and the best upsampler give back at the two coarsest output strides."""
        found = [one for one in ceilings(records) if one.measure == measure]
        parts = []
        for stride in strides(found)[-2:]:
            group = at(found, measure, stride)[0]
            base, best = baseline_of(group, baseline_choices(records)), best_of(group)
            told = f"from 1/{stride} {base.name} gives back {percent(base.miou)} mIoU*"
            parts.append(told if base is best else f"{told} and {best.name} {percent(best.miou)}")
        said = "; ".join(parts)
        return f"{said[0].upper()}{said[1:]}." if said else ""

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """The curves over C̃, then classes."""
        found = ceilings(records)
        dots = class_dots.of_ceilings(found, baseline_choices(records)) if found else ()
        return (*ceiling_curves.figures(found), *dots)

    def sheets(self, records: Sequence[Record]) -> tuple[Sheet | Contrast, ...]:
        """The label maps that come back worst."""
        return pictures.sheets(ceilings(records), baseline_choices(records))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """By class; beside what was reached, where networks were trained."""
        found = ceilings(records)
        table = per_class(found, baseline_choices(records))
        return (
            *joined.sections(joined.joins(trainings(records), found)),
            *((Section("Ceilings by class", (table,)),) if table else ()),
        )
