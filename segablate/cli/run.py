"""`segablate run`: run what is missing, then write the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from segablate.cli.app import CELLS_FAILED, app, example
from segablate.cli.options import (
    AllowExternal,
    AsJson,
    Device,
    Label,
    Overrides,
    ReportsFolder,
    StoreFolder,
    StudyFile,
    Wait,
)

if TYPE_CHECKING:
    from segablate.report.blocks import Page
    from segablate.run.execute import Summary
    from segablate.run.plan import Plan

Only = Annotated[
    Literal["missing", "failed", "all"],
    typer.Option(help="missing: what has no number yet; failed: what failed before; all: everything anew."),
]
Jobs = Annotated[int, typer.Option(min=1, metavar="N", help="How many groups of cells at the same time.")]
Executor = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="See `segablate list executors`. Without it: inline, or processes with --jobs.",
        show_default=False,
    ),
]
ReuseReport = Annotated[
    bool,
    typer.Option(
        "--reuse-report/--no-reuse-report",
        help="Take what the study's report already holds, of measures that are the same on any machine.",
    ),
]


TakeOver = Annotated[
    bool,
    typer.Option("--take-over", help="Take over at once what other runs are at: they are gone."),
]


@app.command(epilog=example("segablate run studies/quickstart.yaml"))
def run(
    study: StudyFile,
    overrides: Overrides = [],  # noqa: B006  # Typer makes its own list
    only: Only = "missing",
    jobs: Jobs = 1,
    executor: Executor = "",
    device: Device = "auto",
    wait: Wait = 600.0,
    take_over: TakeOver = False,
    store: StoreFolder = Path("runs"),
    reports: ReportsFolder = None,
    label: Label = "",
    reuse_report: ReuseReport = True,
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Run what is missing, then write the report.

    Stop it at any time: what is finished is kept, and the same command goes on from there.
    Cells that fail become rows with their reason, and the exit code is 3.
    """
    from segablate.app.flow import keep_claims, place_of, planned, publish
    from segablate.cli.live import Board
    from segablate.cli.output import say
    from segablate.disk.machine_lock import shared
    from segablate.run import reuse
    from segablate.run.cautions import cautions
    from segablate.run.execute import execute
    from segablate.run.store import Store

    place = place_of(store, reports, label, overrides)
    with shared("planning"):
        plan = planned(study, overrides, allow_external, device)
    for caution in cautions(plan):
        say(f"warning: {caution}")
    kept = Store(store)
    if reuse_report and only == "missing":
        for taken in reuse.take_over(plan, kept, place.committed / plan.study.name):
            say(f"note: {taken}")
    board = Board(plan)
    if board.shown and only != "all":
        board.done |= {cell.key for cell in plan.cells if (o := kept.outcome(cell)) and o.status == "done"}
    keep_claims(plan, place)
    summary = execute(
        plan,
        kept,
        only=only,
        executor=executor or ("processes" if jobs > 1 else "inline"),
        jobs=jobs,
        device=device,
        wait=wait,
        take_over=take_over,
        progress=board.progress,
        tell=board.tell,
    )
    with shared("the report"):
        page, told = publish(plan, place, overrides)
    _tell(plan, summary, page, told, as_json)
    if summary.failed:
        raise typer.Exit(CELLS_FAILED)


def _tell(plan: Plan, summary: Summary, page: Path, told: Page, as_json: bool) -> None:
    from segablate.app import tables
    from segablate.cli import output, results
    from segablate.report.claimed import claim_verdicts
    from segablate.report.data import read

    records = read(page.parent / "data")
    if as_json:
        verdicts = claim_verdicts(plan.claims, records)
        cells = {name: getattr(summary, name) for name in ("done", "failed", "skipped", "reused", "open")}
        about: dict[str, Any] = {"study": plan.study.name, "report": page.as_posix(), "cells": cells}
        output.document({**about, "claims": tables.claims(verdicts), "rows": tables.rows(records)})
        return
    results.show(told, records)
    output.say("")
    counts = results.counts(summary.done, summary.reused, summary.failed, summary.skipped)
    # what waited in vain for the machine; Ctrl-C ends before this
    output.say(f"{counts}, {summary.open:,} left open" if summary.open else counts)
    output.say(f"report: {page}")
