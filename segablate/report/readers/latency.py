"""Times on a page: median latency, and how it grows with the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segablate.report import speed_figures
from segablate.report.blocks import Bullets, Section
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.readers.base import Reader, readers
from segablate.report.speeds import answer, sentences, speeds


@readers.register("latency")
class Latency(Reader):
    """Times of one pass."""

    headline: ClassVar = {"p50_ms": "median (ms)"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline takes, and the fastest and slowest."""
        return answer([one for one in speeds(records) if one.measure == measure])

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Bars with intervals, or curves over the input."""
        return speed_figures.figures(speeds(records))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Measure by measure, and how time grows."""
        told = sentences(speeds(records))
        return (Section("Times in words", (Bullets(tuple(told)),)),) if told else ()
