"""The page on disk: written whole, and the same bytes each time; or compared with what lies there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from segablate import disk
from segablate.errors import SegablateError
from segablate.report import drawing, sheets
from segablate.report.blocks import Page
from segablate.report.data import OUTCOMES, read
from segablate.report.facts import StudyFacts
from segablate.report.figures import Sheet
from segablate.report.formats.base import ALWAYS, files
from segablate.report.formats.base import made as formats_of
from segablate.report.page import FIGURES, page

REPORT = "report.md"
DRAWN = (".svg", ".png")


def write(
    study: StudyFacts,
    folder: Path,
    formats: Iterable[str] = (),
    content: Page | None = None,
    *,
    details: bool = False,
) -> Path:
    """Write the report and `figures/` beside `data/`; figures that are no more are removed.

    Args:
        study: what the page tells of its study.
        folder: the report's.
        formats: further formats beside Markdown and CSV; those that lie there already are written as well,
            so that no two files of a report tell different numbers.
        content: the page, where it is made already.
        details: whether nothing is folded, for a terminal or a print; the next time it is again.

    Returns:
        The page in Markdown.

    Raises:
        SegablateError: there are no results, they are damaged, or the folder cannot be written.
    """
    made = render(study, folder, formats, content, details=details)
    # figures first: no page leads to one that is not there
    for place in sorted({(folder / name).parent for name in made}, reverse=True):
        here = {name: wanted for name, wanted in made.items() if (folder / name).parent == place}
        disk.keep(place, {Path(name).name: wanted for name, wanted in here.items()}, option="--reports")
    with disk.write_errors(folder, "--reports"):
        for name in _surplus(made, folder):
            (folder / name).unlink()
    return folder / REPORT


def check(study: StudyFacts, folder: Path) -> list[str]:
    """Names of the files that are not what the data say: other, missing or left over.

    Figures are compared by what they show and not by their bytes, which change with the drawing library.
    A page that holds figures is compared without them: they are in files of their own, too.
    """
    content = render(study, folder)
    stale = [name for name, wanted in content.items() if not _same(folder / name, wanted)]
    return sorted([*stale, *_surplus(content, folder)])


def render(
    study: StudyFacts,
    folder: Path,
    formats: Iterable[str] = (),
    content: Page | None = None,
    *,
    details: bool = False,
) -> dict[str, bytes]:
    """All files of the report: path below the folder → content; see `write` for which formats.

    Raises:
        SegablateError: there are no results yet, or they are damaged.
    """
    if not (folder / "data" / OUTCOMES).is_file():
        raise SegablateError(
            f"there are no results of `{study.name}` yet",
            where=str(folder),
            hint=f"run `{study.command}` first",
        )
    content = content or page(study, read(folder / "data"))
    if details:
        content = replace(
            content, sections=tuple(replace(section, folded=False) for section in content.sections)
        )
    drawn = drawings(content)
    there = [name for name, file in files().items() if (folder / file).is_file()]
    written = formats_of([*ALWAYS, *formats, *there]).values()
    return {**{format_.file: format_.write(content, drawn).encode() for format_ in written}, **drawn}


def drawings(content: Page) -> dict[str, bytes]:
    """All pictures of a page: path below the report's folder → SVG or PNG."""
    made: dict[str, bytes] = {}
    for picture in content.pictures:
        if isinstance(picture, Sheet):
            made[f"{FIGURES}/{picture.name}.png"] = sheets.png(picture)
        else:
            made[f"{FIGURES}/{picture.name}.svg"] = drawing.svg(picture)
    return made


def _surplus(made: Mapping[str, bytes], folder: Path) -> list[str]:
    here = [path for path in (folder / FIGURES).glob("*") if path.suffix in DRAWN]
    return sorted(name for name in (f"{FIGURES}/{path.name}" for path in here) if name not in made)


def _same(path: Path, content: bytes) -> bool:
    if not path.is_file():
        return False
    there = path.read_bytes()
    return there == content or COMPARED.get(path.suffix, _never)(there, content)


def _same_data(there: bytes, content: bytes) -> bool:
    return bool(drawing.data_of(there) == drawing.data_of(content))


def _same_picture(there: bytes, content: bytes) -> bool:
    """Equal but for the edges of letters, which change with the font library."""
    try:
        pictures = (Image.open(io.BytesIO(data), formats=("PNG",)) for data in (there, content))
        old, new = (np.asarray(picture.convert("RGB")) for picture in pictures)
    except (OSError, ValueError, Image.DecompressionBombError):
        return False
    return old.shape == new.shape and bool((old != new).any(axis=2).mean() < 0.005)


def _same_page(there: bytes, content: bytes) -> bool:
    return _FIGURE.sub(b"", there) == _FIGURE.sub(b"", content)


def _never(there: bytes, content: bytes) -> bool:
    return False


_FIGURE = re.compile(rb"<svg .*?</svg>|<img [^>]*>", re.DOTALL)
COMPARED: dict[str, Callable[[bytes, bytes], bool]] = {
    ".svg": _same_data,
    ".png": _same_picture,
    ".html": _same_page,
}
