"""The `segablate` command: its subcommands, its errors and its exit codes.

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

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import segablate
from segablate.errors import SegablateError

USAGE_IS_WRONG = 2
CELLS_FAILED = 3
CHECK_FAILED = 4
INTERRUPTED = 130

app = typer.Typer(
    name="segablate",
    help="Ablate semantic-segmentation decoders: one study in, one report out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"segablate {segablate.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; errors a person can put right go to stderr."""
    try:
        code = app(list(arguments), prog_name="segablate", standalone_mode=False)
    except SegablateError as error:
        print(error.render(), file=sys.stderr)
        return USAGE_IS_WRONG
    if code == INTERRUPTED:
        print(f"interrupted; to go on: segablate {shlex.join(arguments)}", file=sys.stderr)
    return code if isinstance(code, int) else 0
