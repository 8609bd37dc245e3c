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
    from segablate.app.publish import Finished
    from segablate.run.plan import Plan
    from segablate.run.store import Store

Only = Annotated[
    Literal["missing", "failed", "all"],
    typer.Option(help="missing: what has no number yet; failed: what failed before; all: everything anew."),
]
Jobs = Annotated[
    str, typer.Option(metavar="N|auto", help="Groups of cells at the same time; auto: as many as fit here.")
]
PerGpu = Annotated[int, typer.Option(min=1, metavar="N", help="How many of them may share a GPU.")]
Budget = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        help="Begin no cell that would not be finished by then, as in 3h: going by stored cells like it.",
        show_default=False,
    ),
]
Slurm = Annotated[
    list[str],
    typer.Option(metavar="KEY=VALUE", help="An option of sbatch, as in partition=gpu; may be given again."),
]
Detach = Annotated[bool, typer.Option("--detach", help="Leave the cells in SLURM's queue and return.")]
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
    jobs: Jobs = "1",
    per_gpu: PerGpu = 1,
    executor: Executor = "",
    slurm: Slurm = [],  # noqa: B006  # likewise
    detach: Detach = False,
    budget: Budget = "",
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
    from segablate.app.grid import grid
    from segablate.app.publish import place_of, run_study
    from segablate.cli.live import Board
    from segablate.cli.output import say

    def board(plan: Plan, store: Store) -> Board:
        board = Board(plan)
        if board.shown and only != "all":
            board.done |= {
                cell.key for cell in plan.cells if (o := store.outcome(cell)) and o.status == "done"
            }
        return board

    finished = run_study(
        study,
        place_of(store, reports, label, overrides),
        overrides,
        only=only,
        grid=grid(jobs, executor, per_gpu, slurm, detach, budget),
        device=device,
        wait=wait,
        take_over=take_over,
        reuse_report=reuse_report,
        allow_external=allow_external,
        note=say,
        watch=board,
    )
    _print(finished, as_json)
    if finished.summary.failed:
        raise typer.Exit(CELLS_FAILED)


def _print(finished: Finished, as_json: bool) -> None:
    from segablate.app import tables
    from segablate.cli import output, results
    from segablate.report.claims import claim_verdicts
    from segablate.report.data import read

    plan, summary, page = finished.plan, finished.summary, finished.path
    records = read(page.parent / "data")
    if as_json:
        verdicts = claim_verdicts(plan.claims, records)
        cells = {name: getattr(summary, name) for name in ("done", "failed", "skipped", "reused", "open")}
        about: dict[str, Any] = {"study": plan.study.name, "report": page.as_posix(), "cells": cells}
        output.document({**about, "claims": tables.claims(verdicts), "rows": tables.rows(records)})
        return
    results.show(finished.page, records)
    output.say("")
    counts = results.counts(summary.done, summary.reused, summary.failed, summary.skipped)
    # what waited in vain for the machine, or is still queued; Ctrl-C ends before this
    late = f", {summary.late:,} of them not to be finished within `--budget`" if summary.late else ""
    output.say(f"{counts}, {summary.open:,} left open{late}" if summary.open else counts)
    output.say(f"report: {page}")
