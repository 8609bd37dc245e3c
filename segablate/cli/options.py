"""Options that several commands share, and lists written with commas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from segablate.errors import SegablateError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study's YAML file.", show_default=False)
]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the study; may be given again."),
]
AllowExternal = Annotated[
    bool, typer.Option("--allow-external", help="Run the code of a function of your own.")
]
StoreFolder = Annotated[Path, typer.Option("--store", metavar="DIR", help="Where outcomes are kept.")]
ReportsFolder = Annotated[Path, typer.Option("--reports", metavar="DIR", help="Where reports are written.")]
Label = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Keep this machine's report in a folder of that name; with --set it has one of its own anyway.",
        show_default=False,
    ),
]


def find_external(allowed: bool) -> None:
    """Where code from outside is allowed, it may be a file in the working directory, as with `python -m`."""
    here = str(Path.cwd())
    if allowed and here not in sys.path:
        sys.path.append(here)


def words(text: str) -> list[str]:
    """The items of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(option: str, text: str) -> list[int]:
    """The whole numbers of a comma-separated list.

    Raises:
        SegablateError: one of them is not a whole number above zero.
    """
    for word in words(text):
        if not word.isdecimal() or int(word) == 0:
            raise SegablateError(f"`{option}` takes whole numbers above 0, not `{word}`")
    return [int(word) for word in words(text)]
