"""What a reader is: the face that a measure has on a page. A measure without one has the plain face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from segablate.quantity import quantity
from segablate.registry import Registry
from segablate.report.blocks import Section
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.sheets import Contrast, Sheet

readers = Registry("reader", "segablate.report.readers")


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
        """Pictures, those first that people ask for first."""
        return ()

    def sheets(self, records: Sequence[Record]) -> tuple[Sheet | Contrast, ...]:
        """Pictures of label maps."""
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
