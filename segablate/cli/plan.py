"""`segablate plan`: the cells of a study, which are done, and why the others must run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.columns import NARROW, widest
from segablate.cli.columns import lines as broken
from segablate.cli.options import AllowExternal, AsJson, Device, Overrides, StoreFolder, StudyFile
from segablate.report.words import counted, listed

if TYPE_CHECKING:
    pass


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
    from segablate.app import tables
    from segablate.app.bill import bill
    from segablate.app.publish import COMMITTED, planned
    from segablate.cli import output, prospects
    from segablate.run.cautions import cautions
    from segablate.run.explain import explain as explain_cells
    from segablate.run.prospects import prospects as prospects_of
    from segablate.run.store import Store

    made = planned(study, overrides, allow_external, device)
    states = {cell.key: state for cell, state in explain_cells(made, Store(store))}
    rows = tables.cells(made, states)
    claimed = prospects_of(made, Store(store), prospects.spreads(sd))
    for note in prospects.notes(made.claims):
        output.say(note)
    for caution in cautions(made):
        output.say(f"warning: {caution}")
    if as_json:
        output.document({"study": made.study.name, "rows": rows, "claims": tables.prospects(claimed)})
        return
    _print(rows)
    reasons = list(_reasons(rows)) if explain else []
    if reasons:
        output.show()
    for why in reasons:
        output.paragraph(why, "    ")
    if claimed:
        print("\n" + "\n".join(prospects.lines(claimed)))
    output.say(bill(made, Store(store), states, COMMITTED / made.study.name))


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    """A line a variant with the state of its cells under each measure."""
    from segablate.cli import columns, output

    measures = list(dict.fromkeys(row["measure"] for row in rows))
    states: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        states.setdefault(row["variant"], {}).setdefault(row["measure"], []).append(row["state"])
    lines = [[label, *(_state(own.get(name, [])) for name in measures)] for label, own in states.items()]
    wide = sum(widest([line[at] for line in lines] + [name]) for at, name in enumerate(measures, 1))
    names = max(NARROW, columns.room() - wide - columns.GAP * len(measures))
    output.table(["variant", *measures], [[broken(line[0], names, "  "), *line[1:]] for line in lines])


def _state(states: Sequence[str]) -> str:
    """`done`, `missing`; `3 of 5 done` of seeds in several states."""
    if len(set(states)) == 1:
        return states[0]
    counts = Counter(states)
    rest = [f"{number} {state}" for state, number in counts.items() if state not in ("done", "missing")]
    return ", ".join([f"{counts['done']} of {len(states)} done", *rest])


def _reasons(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for each reason why cells wait, failed or are left out, with how many it is about."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["why"]:
            groups.setdefault((row["state"], row["why"]), []).append(row)
    for (state, why), own in groups.items():
        yield f"{counted(len(own), 'row')} {state}, {_which(own)}: {why}"


def _which(rows: Sequence[Mapping[str, Any]]) -> str:
    """What rows have in common: one variant, or the measures they are of."""
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    measures = listed(list(dict.fromkeys(row["measure"] for row in rows)))
    return f"{measures} of {variants[0]}" if len(variants) == 1 else measures
