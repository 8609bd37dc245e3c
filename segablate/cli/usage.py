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
    message = error.format_message()
    unknown = re.match(r"No such command '(.*)'", message)
    if unknown:
        return SegablateError(f"there is no command `{unknown[1]}`", hint=near_miss(unknown[1], commands))
    help_of = f"see `{' '.join(filter(None, ('segablate', command, '--help')))}`"
    option = getattr(error, "option_name", None)
    if option and message.startswith("No such option"):
        close = getattr(error, "possibilities", None)
        return SegablateError(
            f"there is no option `{option}`", hint=f"did you mean `{close[0]}`?" if close else help_of
        )
    return SegablateError(_ours(message), hint=help_of)


def _ours(message: str) -> str:
    """Lower case, back-ticks, no full stop, no `invalid`."""
    message = re.sub(r"'([^']*)'", r"`\1`", message.strip().rstrip("."))
    message = re.sub(r"^Invalid value for ", "", message)
    message = re.sub(r"^Got unexpected extra argument\(s\) \((.*)\)$", r"there is no place for `\1`", message)
    message = re.sub(r"^Missing (?:argument|option) (`.*`)", r"\1 is missing", message)
    message = message.replace(": Value error, ", ": ")
    message = re.sub(r"(?<=`: )[A-Z]", lambda first: first[0].lower(), message)
    return message[:1].lower() + message[1:]
