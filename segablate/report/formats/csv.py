"""CSV: the numbers in long form."""

from __future__ import annotations

from typing import ClassVar

from segablate.report.blocks import Page
from segablate.report.csv import written
from segablate.report.formats.base import Pictures, formats


@formats.register("csv")
class Csv:
    """All samples in long form, a line a number, with units."""

    file: ClassVar[str] = "results.csv"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        return written(page.numbers)
