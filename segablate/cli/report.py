"""`segablate report`: write a study's report again, or check that the committed one is what the data say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segablate.cli.app import CHECK_FAILED, app, example
from segablate.cli.options import (
    AllowExternal,
    AsJson,
    Label,
    Overrides,
    ReportsFolder,
    StoreFolder,
    words,
)
from segablate.errors import SegablateError, context

if TYPE_CHECKING:
    from segablate.app.publish import Place


@app.command(epilog=example("segablate report studies/quickstart.yaml --check"))
def report(
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The study's YAML file.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Write the scoreboard: the claims of all committed reports.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 4 if a file is not what the data say.")
    ] = False,
    overrides: Overrides = [],  # noqa: B006  # Typer makes its own list
    store: StoreFolder = Path("runs"),
    reports: ReportsFolder = None,
    label: Label = "",
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="F,…",
            help="md, csv, html or latex, see `segablate list formats`; md and csv are always written, "
            "and what was written before is kept up to date.",
            show_default=False,
        ),
    ] = "",
    details: Annotated[
        bool,
        typer.Option("--details", help="Unfold everything, in every format: for a terminal or a print."),
    ] = False,
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Write a study's report again; run nothing.

    The numbers come from the store where it has all of them, else from the report's own `data` folder:
    a fresh checkout has no store.
    """
    from segablate.app import publish
    from segablate.cli import output

    if every:
        _all(study, reports or publish.COMMITTED, check, as_json)
        return
    if study is None:
        raise SegablateError("`STUDY` is missing", hint="see `segablate report --help`")
    place = publish.place_of(store, reports, label, overrides)
    if check:
        _check(study, overrides, place, as_json)
        return
    files = _files(words(formats))
    name, page = publish.republish(
        study, place, overrides, words(formats), details=details, allow_external=allow_external
    )
    written = [(page.parent / file).as_posix() for file in files]
    if as_json:
        output.document({"study": name, "report": page.as_posix(), "files": written})
    else:
        output.show("\n".join(written or [page.as_posix()]))


def _all(study: Path | None, reports: Path, checked: bool, as_json: bool) -> None:
    """Write the scoreboard, or check it.

    Raises:
        SegablateError: a study was named as well, or a report is damaged.
    """
    from segablate.app import scoreboard
    from segablate.cli import output

    if study is not None:
        raise SegablateError(f"`--all` is of all reports, and `{study}` is one study", hint="leave one out")
    stale = scoreboard.check(reports) if checked else []
    written = [] if checked else [path.as_posix() for path in scoreboard.write(reports)]
    if as_json:
        output.document({"reports": reports.as_posix(), "files": written, "stale": stale})
    for line in [] if as_json else [*written, *(f"{reports / name}" for name in stale)]:
        output.show(line)
    if stale:
        output.say("\nhint: `segablate report --all` writes what is stale")
        raise typer.Exit(CHECK_FAILED)


def _files(formats: list[str]) -> list[str]:
    """What the formats are called on disk.

    Raises:
        SegablateError: there is no such format.
    """
    from segablate.report.formats.base import made

    with context(where="--format"):
        return [made([name])[name].file for name in formats]


def _check(study: Path, overrides: list[str], place: Place, as_json: bool) -> None:
    from segablate.app import publish
    from segablate.cli import output
    from segablate.report.write import check
    from segablate.study.load import load

    loaded = load(study, overrides)
    # what is committed is what others read
    place = publish.there(place.beside, loaded.name, place)
    folder = place.report(loaded.name)
    stale = check(publish.facts(loaded, overrides, place.label), folder)
    if as_json:
        output.document({"study": loaded.name, "report": (folder / "report.md").as_posix(), "stale": stale})
    elif not stale:
        output.say(f"{folder}: every file is what its data say")
    for name in [] if as_json else stale:
        output.show(str(folder / name))
    if stale:
        output.say(f"\nhint: `segablate report {study} --reports {place.reports}` writes what is stale")
        raise typer.Exit(CHECK_FAILED)
