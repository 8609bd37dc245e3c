"""All commands together, and what becomes of their errors."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

import typer
from typer.models import CommandInfo

from segablate.cli import (  # noqa: F401  # they add themselves
    diff,
    doctor,
    export,
    flops,
    init,
    latency,
    listing,
    oracle,
    plan,
    recommend,
    report,
    run,
    schema,
)
from segablate.cli.app import INTERRUPTED, WRONG, app
from segablate.cli.output import say
from segablate.cli.usage import reworded
from segablate.errors import SegablateError

ORDER = (
    *("init", "run", "plan", "report", "recommend", "diff", "export"),
    *("oracle", "flops", "latency", "list", "show", "schema", "doctor"),
)
RESUMABLE = {"run"}


def _name(command: CommandInfo) -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))


# help shows them in the order in which they registered, and imports are sorted by their names
app.registered_commands.sort(key=lambda command: ORDER.index(_name(command)))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code.

    What a person can put right goes to stderr as one error; anything else keeps its traceback.
    """
    words = list(arguments) or ["--help"]
    try:
        code = app(words, prog_name="segablate", standalone_mode=False)
    except SegablateError as error:
        return _wrong(error)
    except OSError as error:
        # without a name it is none that a person chose, but a pipe that nobody reads, or a defect of ours
        if error.filename is None:
            raise
        return _wrong(_refused(error))
    except typer.TyperException as error:
        return _wrong(reworded(error, words[0] if words[0] in ORDER else "", ORDER))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:
        say(_interrupted(words))
    return code if isinstance(code, int) else 0


def _refused(error: OSError) -> SegablateError:
    """What the file system does not do: a loop of links, a name too long, no right to read."""
    return SegablateError((error.strerror or str(error)).lower(), where=os.fsdecode(error.filename))


def _wrong(error: SegablateError) -> int:
    say(error.render())
    return WRONG


def _interrupted(arguments: Sequence[str]) -> str:
    again = f"segablate {shlex.join(arguments)}"
    if arguments[0] in RESUMABLE:
        return f"interrupted: what was finished is kept\n\nhint: `{again}` goes on from there"
    return "interrupted"
