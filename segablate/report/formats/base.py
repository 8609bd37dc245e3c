"""What a format is: it writes one file from the page, and the pictures that are drawn already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol, TypeAlias, cast

from segablate.registry import Registry
from segablate.report.blocks import Page

formats = Registry("format", "segablate.report.formats")

# every report has these: the page that hosting sites show, and its numbers
ALWAYS = ("md", "csv")

Pictures: TypeAlias = Mapping[str, bytes]


class Format(Protocol):
    """A way to write a page. Registered classes take no settings.

    Attributes:
        file: name of the file in the report's folder.
    """

    file: ClassVar[str]

    def write(self, page: Page, pictures: Pictures) -> str:
        """The whole file. The same page gives the same text.

        Args:
            page: what it says; all text in it is plain, and is escaped here.
            pictures: path below the report's folder → SVG or PNG, for a format that holds them itself.
        """


def made(names: Iterable[str]) -> dict[str, Format]:
    """The formats of these names, sorted by name.

    Raises:
        SegablateError: there is no such format.
    """
    wanted = {formats.part(name).name for name in names}
    return {
        name: cast(Format, formats.part(name).build({}, {})) for name in formats.names() if name in wanted
    }


def files() -> dict[str, str]:
    """Format → the file it writes."""
    return {name: format_.file for name, format_ in made(formats.names()).items()}
