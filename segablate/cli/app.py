"""The `segablate` application and its exit codes; each subcommand adds itself.

| code | meaning |
|---|---|
| 0 | fine |
| 1 | an internal error, with its traceback |
| 2 | the study, the data or the usage is wrong |
| 3 | finished, but some cells failed |
| 4 | a check did not hold |
| 130 | interrupted |
"""

from __future__ import annotations

from typing import Annotated

import typer

import segablate

WRONG = 2
CELLS_FAILED = 3
CHECK_FAILED = 4
INTERRUPTED = 130


def example(command: str) -> str:
    """The end of a help text: one command that works. `\\b` keeps its lines as they are."""
    return f"\b\nExample:\n  {command}"


app = typer.Typer(
    name="segablate",
    help="Which segmentation decoder, and how do you know? One study in, one report out.",
    epilog=example("segablate run studies/quickstart.yaml"),
    add_completion=False,
    # plain help and plain tracebacks: rich would take a tenth of a second to import
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    suggest_commands=False,
)


def _version(requested: bool) -> None:
    if requested:
        print(f"segablate {segablate.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
