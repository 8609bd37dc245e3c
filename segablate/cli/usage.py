"""Usage errors in the words of all other errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

import typer

from segablate.errors import SegablateError, near_miss


def reworded(error: typer.TyperException, command: str, commands: Iterable[str]) -> SegablateError:
    """What Typer found wrong with a command line, as an error of ours.

    Args:
        error: what Typer raised.
        command: the subcommand that was given; "" if none or an unknown one.
        commands: the subcommands there are.
    """
    said = error.format_message()
    unknown = re.match(r"No such command '(.*)'", said)
    if unknown:
        return SegablateError(f"there is no command `{unknown[1]}`", hint=near_miss(unknown[1], commands))
    help_of = f"see `{' '.join(filter(None, ('segablate', command, '--help')))}`"
    option = getattr(error, "option_name", None)
    if option and said.startswith("No such option"):
        close = getattr(error, "possibilities", None)
        return SegablateError(
            f"there is no option `{option}`", hint=f"did you mean `{close[0]}`?" if close else help_of
        )
    return SegablateError(_ours(said), hint=help_of)


def _ours(said: str) -> str:
    """Lower case, back-ticks, no full stop, no `invalid`."""
    said = re.sub(r"'([^']*)'", r"`\1`", said.strip().rstrip("."))
    said = re.sub(r"^Invalid value for ", "", said)
    said = re.sub(r"^Got unexpected extra argument\(s\) \((.*)\)$", r"there is no place for `\1`", said)
    said = re.sub(r"^Missing (?:argument|option) (`.*`)", r"\1 is missing", said)
    said = said.replace(": Value error, ", ": ")
    said = re.sub(r"(?<=`: )[A-Z]", lambda first: first[0].lower(), said)
    return said[:1].lower() + said[1:]
