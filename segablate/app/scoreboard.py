"""The scoreboard of all committed reports on disk: `README.md` and `index.html` beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from segablate.app.publish import facts, origin
from segablate.disk import keep
from segablate.errors import SegablateError
from segablate.report.claims import claim_verdicts, read_kept
from segablate.report.data import OUTCOMES, read
from segablate.report.formats.base import made
from segablate.report.formats.md import markdown
from segablate.report.names import Names
from segablate.report.scoreboard import Report, scoreboard
from segablate.report.write import REPORT
from segablate.study.load import load

README, INDEX = "README.md", "index.html"
FIGURE = re.compile(r"^!\[.*\]\((figures/[^/)]+\.svg)\)$", re.MULTILINE)


def render(reports: Path) -> dict[str, bytes]:
    """Both files: name → content.

    Args:
        reports: the folder of the committed reports.

    Raises:
        SegablateError: there are none, or one of them is damaged.
    """
    found_reports = sorted(_reports(reports), key=lambda report: report.folder)
    if not found_reports:
        raise SegablateError("there are no reports here", where=str(reports), hint="run a study first")
    board = scoreboard(found_reports)
    # pictures stay in the reports: copies would change with each of them
    return {README: markdown(board).encode(), INDEX: made(["html"])["html"].write(board, {}).encode()}


def write(reports: Path) -> list[Path]:
    """Write the scoreboard; what is the same already is left alone.

    Raises:
        SegablateError: there are no reports, one is damaged, or the folder cannot be written.
    """
    content = render(reports)
    keep(reports, content, option="--reports")
    return [reports / name for name in content]


def check(reports: Path) -> list[str]:
    """Names of the files that are not what the data of the reports say."""
    return [
        name
        for name, wanted in render(reports).items()
        if not (reports / name).is_file() or (reports / name).read_bytes() != wanted
    ]


def _reports(reports: Path) -> Iterator[Report]:
    for path in reports.rglob(OUTCOMES):
        folder = path.parent.parent
        name = folder.relative_to(reports).as_posix()
        page = folder / REPORT
        study, overrides, label = origin(path.parent)
        known = facts(load(study, overrides), overrides, label)
        records = read(path.parent)
        verdicts = Names.of(known, records).verdicts(claim_verdicts(known.claims, records))
        shown = FIGURE.search(page.read_text(encoding="utf-8"))
        has_picture = shown is not None and (folder / shown[1]).is_file()
        picture = f"{name}/{shown[1]}" if shown and has_picture else ""
        yield Report(name, known, records, verdicts, read_kept(path.parent), picture)
