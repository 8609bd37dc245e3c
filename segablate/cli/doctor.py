"""`segablate doctor`: is this machine fit to measure on?"""

from __future__ import annotations

from pathlib import Path

import typer

from segablate.cli.app import CHECK_FAILED, app, example
from segablate.cli.options import AsJson, Device, StoreFolder


@app.command(epilog=example("segablate doctor"))
def doctor(store: StoreFolder = Path("runs"), device: Device = "auto", as_json: AsJson = False) -> None:
    """Say whether this machine is fit to measure on.

    Five seconds of it are a test: how far the times of one kernel scatter, and whether two clocks agree.
    The exit code is 4 if there is a doubt.
    """
    from segablate.cli import output
    from segablate.run import fitness, machine

    where = machine.pick_device(device)
    checks = [*machine.checks(store, ask_torch=True), *fitness.checks(where)]
    facts = machine.describe()
    rows = [(check.name, check.fitness, check.value, check.hint) for check in checks]
    if as_json:
        names = ("name", "fitness", "found", "hint")
        output.document({"machine": facts, "checks": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        output.table(("machine", "what it is"), [(name, str(value)) for name, value in facts.items()])
        print()
        output.table(("check", "fit", "found", "hint"), rows)
    if any(check.fitness != "fine" for check in checks):
        raise typer.Exit(CHECK_FAILED)
