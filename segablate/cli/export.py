"""`segablate export`: a study's results in another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segablate.cli.app import app, example
from segablate.cli.options import (
    AllowExternal,
    AsJson,
    Label,
    Overrides,
    ReportsFolder,
    StoreFolder,
    StudyFile,
)


@app.command(epilog=example("segablate export studies/quickstart.yaml --to mlflow"))
def export(
    study: StudyFile,
    to: Annotated[
        str, typer.Option(metavar="NAME", help="See `segablate list exporters`.", show_default=False)
    ],
    overrides: Overrides = [],  # noqa: B006  # Typer makes its own list
    store: StoreFolder = Path("runs"),
    reports: ReportsFolder = None,
    label: Label = "",
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Take a study's results to another program.

    One run a cell: what it read, its samples and its arrays. What is there already is left alone.
    """
    from segablate.app import flow
    from segablate.cli import output
    from segablate.report.data import read
    from segablate.report.exporters.base import exporters

    exporter = exporters.part(to).build({}, {})
    place = flow.place_of(store, reports, label, overrides)
    with flow.found(study, place, overrides, allow_external) as (facts, data):
        new, there, where = exporter.export(facts, read(data))
    if as_json:
        output.document({"study": facts.name, "to": to, "where": where, "new": new, "there": there})
    else:
        output.show(f"{new:,} cells taken to {where}, {there:,} were there")
