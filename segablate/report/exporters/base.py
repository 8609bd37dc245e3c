"""What an exporter is: it takes a study's results to another program, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from segablate.registry import Registry
from segablate.report.data import Record
from segablate.report.facts import StudyFacts

exporters = Registry("exporter", "segablate.report.exporters")


class Exporter(Protocol):
    """A way out. Registered classes take no settings, and import what they need only when they export."""

    def export(self, study: StudyFacts, records: Sequence[Record]) -> tuple[int, int, str]:
        """Take every cell there that is not there yet.

        Returns:
            How many cells were taken there now, how many were there already, and where that is.

        Raises:
            SegablateError: the other program is not installed.
        """
