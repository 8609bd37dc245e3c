"""`segablate doctor`: is this machine fit to measure on?"""

from __future__ import annotations

from pathlib import Path

import typer

from segablate.cli.app import CHECK_FAILED, app, example
from segablate.cli.options import AsJson, StoreFolder


@app.command(epilog=example("segablate doctor"))
def doctor(store: StoreFolder = Path("runs"), as_json: AsJson = False) -> None:
    """Say whether this machine is fit to measure on.

    The exit code is 4 if there is a doubt.
    """
    from dataclasses import asdict

    from segablate.cli import output
    from segablate.run import machine

    found = machine.checks(store, ask_torch=True)
    facts = machine.describe()
    if as_json:
        output.document({"machine": facts, "checks": [asdict(one) for one in found]})
    else:
        output.table(("machine", "what it is"), [(name, str(value)) for name, value in facts.items()])
        print()
        output.table(
            ("check", "fit", "found", "hint"), [(one.name, one.fitness, one.found, one.hint) for one in found]
        )
    if any(one.fitness != "fine" for one in found):
        raise typer.Exit(CHECK_FAILED)
