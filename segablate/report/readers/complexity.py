"""Costs on a page: multiply-adds and parameters, and where they sit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segablate.report import cost_figures
from segablate.report.blocks import Bullets, Section
from segablate.report.costs import answer, costings, sentences
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.readers.base import Reader, readers


@readers.register("complexity")
class Complexity(Reader):
    """Counts of operations and parameters."""

    headline: ClassVar = {"macs": "GMAC", "operations": "operations (G)", "params": "parameters (million)"}

    def shown(self, metrics: Sequence[str]) -> dict[str, str]:
        """Multiply-adds; all operations only where that is all there is."""
        found = super().shown(metrics)
        if "macs" in found:
            found.pop("operations", None)
        return found

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline takes, and the least and most."""
        return answer([one for one in costings(records) if one.measure == measure])

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Where operations sit, or how they change with the stride."""
        return cost_figures.figures(costings(records))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Shares of the parts, and the course over the output stride."""
        told = sentences(costings(records))
        return (Section("Where operations sit", (Bullets(tuple(told)),)),) if told else ()
