"""`segablate plan`: the cells of a study, which are done, and why the others must run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.options import AllowExternal, AsJson, Device, Overrides, StoreFolder, StudyFile

if TYPE_CHECKING:
    from segablate.run.explain import State
    from segablate.run.plan import Plan


Spreads = Annotated[
    list[str],
    typer.Option(
        "--sd",
        metavar="METRIC=VALUE",
        help="Standard deviation of a pair's difference, as in miou=0.4: how many seeds claims need.",
    ),
]


@app.command(epilog=example("segablate plan studies/quickstart.yaml --explain"))
def plan(
    study: StudyFile,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which field is new where a cell must run.")
    ] = False,
    overrides: Overrides = [],  # noqa: B006  # Typer makes its own list
    sd: Spreads = [],  # noqa: B006  # Typer makes its own list
    device: Device = "auto",
    store: StoreFolder = Path("runs"),
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Show a study's cells, and which are done; run nothing."""
    from segablate.app.flow import planned
    from segablate.cli import output, prospects
    from segablate.run.cautions import cautions
    from segablate.run.explain import explain as explain_cells
    from segablate.run.prospects import prospects as prospects_of
    from segablate.run.store import Store

    made = planned(study, overrides, allow_external, device)
    states = {cell.key: state for cell, state in explain_cells(made, Store(store))}
    rows = _rows(made, states)
    claimed = prospects_of(made, Store(store), prospects.spreads(sd))
    for note in prospects.notes(made.claims):
        output.say(note)
    for caution in cautions(made):
        output.say(f"warning: {caution}")
    if as_json:
        output.document({"study": made.study.name, "rows": rows, "claims": prospects.rows(claimed)})
        return
    _print(rows, explain)
    if claimed:
        print("\n" + "\n".join(prospects.lines(claimed)))
    output.say(_summary(states) + _cost(states))


def _rows(made: Plan, states: Mapping[str, State]) -> list[dict[str, Any]]:
    found = []
    for row in made.rows:
        state, _, why = (states[row.cell.key].told if row.cell else f"skipped: {row.skipped}").partition(": ")
        found.append(
            {
                "variant": row.variant.label,
                "measure": row.measure.label,
                "seed": row.seed,
                "cell": row.cell.key if row.cell else None,
                "state": state,
                "why": why,
            }
        )
    return found


def _print(rows: Sequence[Mapping[str, Any]], explain: bool) -> None:
    from segablate.cli import output

    names = ["variant", "measure", "seed", "state"] + (["why"] if explain else [])
    output.table(names, [[str(row[name]) for name in names] for row in rows])


def _summary(states: Mapping[str, State]) -> str:
    counts = Counter(state.told.partition(":")[0] for state in states.values())
    told = ", ".join(f"{number:,} {state}" for state, number in sorted(counts.items()))
    cells = f"{len(states):,} cell{'' if len(states) == 1 else 's'}"
    return f"{cells}: {told}" if told else cells


def _cost(states: Mapping[str, State]) -> str:
    """How long the rest may take one after the other, going by the stored cells that are nearest to each."""
    rest = [state.seconds for state in states.values() if state.told != "done"]
    known = [seconds for seconds in rest if seconds is not None]
    return f"; the rest may take {duration(sum(known))}" if rest and len(known) == len(rest) else ""


def duration(seconds: float) -> str:
    """A rough duration: `20 s`, `5 min`, `3.2 h`."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
