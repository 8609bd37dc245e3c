"""Markdown: the page that hosting sites show."""

from __future__ import annotations

from typing import ClassVar

from segablate.report.blocks import Page
from segablate.report.formats.base import Pictures, formats
from segablate.report.markdown import markdown


@formats.register("md")
class Markdown:
    """A page as GitHub shows it; pictures are files beside it."""

    file: ClassVar[str] = "report.md"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        return markdown(page)
