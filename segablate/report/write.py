"""The page on disk: written whole, and the same bytes each time; or compared with what lies there."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from segablate.errors import SegablateError
from segablate.report import draw, pictures
from segablate.report.csv import results_csv
from segablate.report.data import OUTCOMES, read
from segablate.report.facts import StudyFacts
from segablate.report.markdown import FIGURES, markdown
from segablate.report.page import page

REPORT = "report.md"


def write(study: StudyFacts, folder: Path) -> Path:
    """Write `report.md`, `results.csv` and `figures/` beside `data/`; figures that are no more are removed.

    Raises:
        SegablateError: there are no results, they are damaged, or the folder cannot be written.
    """
    made = render(study, folder)
    try:
        for name, content in made.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)
        for name in _surplus(made, folder):
            (folder / name).unlink()
    except OSError as error:
        raise SegablateError(f"the report cannot be written: {error.strerror}", where=str(folder)) from error
    return folder / REPORT


def check(study: StudyFacts, folder: Path) -> list[str]:
    """Names of the files that are not what the data say: other, missing or left over.

    Figures are compared by what they show and not by their bytes, which change with the drawing library.
    """
    made = render(study, folder)
    stale = [name for name, content in made.items() if not _same(folder / name, content)]
    return sorted([*stale, *_surplus(made, folder)])


def render(study: StudyFacts, folder: Path) -> dict[str, bytes]:
    """All files of the report: path below the folder → content.

    Raises:
        SegablateError: there are no results yet, or they are damaged.
    """
    if not (folder / "data" / OUTCOMES).is_file():
        raise SegablateError(
            f"there are no results of `{study.name}` yet",
            where=str(folder),
            hint=f"run `{study.command}` first",
        )
    records = read(folder / "data")
    told = page(study, records)
    made = {REPORT: markdown(told).encode(), "results.csv": results_csv(records).encode()}
    made.update({f"{FIGURES}/{figure.name}.svg": draw.svg(figure) for figure in told.figures})
    made.update({f"{FIGURES}/{sheet.name}.png": pictures.draw(sheet) for sheet in told.sheets})
    return made


def _surplus(made: Mapping[str, bytes], folder: Path) -> list[str]:
    here = [path for path in (folder / FIGURES).glob("*") if path.suffix in COMPARED]
    return sorted(name for name in (f"{FIGURES}/{path.name}" for path in here) if name not in made)


def _same(path: Path, content: bytes) -> bool:
    if not path.is_file():
        return False
    there = path.read_bytes()
    return there == content or COMPARED.get(path.suffix, _never)(there, content)


def _same_data(there: bytes, content: bytes) -> bool:
    return bool(draw.data_of(there) == draw.data_of(content))


def _same_picture(there: bytes, content: bytes) -> bool:
    """Equal but for the edges of letters, which change with the font library."""
    try:
        old, new = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (there, content))
    except (OSError, ValueError):
        return False
    return old.shape == new.shape and bool((old != new).any(axis=2).mean() < 0.005)


def _never(there: bytes, content: bytes) -> bool:
    return False


COMPARED: dict[str, Callable[[bytes, bytes], bool]] = {".svg": _same_data, ".png": _same_picture}
