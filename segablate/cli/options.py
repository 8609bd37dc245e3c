"""Options that several commands share, and lists written with commas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from segablate.errors import SegablateError

WHOLE = re.compile(r"\d{1,9}")

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
Classes = Annotated[int, typer.Option(min=1, metavar="N", help="How many classes there are.")]
Wait = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="Wait so long at most for other work of ours before timing."),
]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where networks compute.")]
StoreFolder = Annotated[Path, typer.Option("--store", metavar="DIR", help="Where outcomes are kept.")]
ReportsFolder = Annotated[
    Path | None,
    typer.Option(
        "--reports",
        metavar="DIR",
        help="Where reports go: `reports`, to commit them; without it below the store, as in runs/reports.",
        show_default=False,
    ),
]
Label = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Keep this machine's report in `reports`, in a folder of that name below the study's.",
        show_default=False,
    ),
]


def words(text: str) -> list[str]:
    """The items of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]


def items(option: str, text: str) -> list[str]:
    """The items of a comma-separated list that may not be empty.

    Raises:
        SegablateError: there is none.
    """
    listed = words(text)
    if not listed:
        raise SegablateError(f"`{option}` is empty")
    return listed


def numbers(option: str, text: str) -> list[int]:
    """The whole numbers of a comma-separated list.

    Raises:
        SegablateError: there is none, or one of them is not a whole number above zero of at most nine digits.
    """
    texts = items(option, text)
    for word in texts:
        if not WHOLE.fullmatch(word) or int(word) == 0:
            raise SegablateError(f"`{option}` takes whole numbers from 1 to 999,999,999, not `{word}`")
    return [int(word) for word in texts]


def changed(spec: Mapping[str, Any], settings: Sequence[str], prefix: str) -> dict[str, Any]:
    """A part as a study would write it, with settings given as `key=value`.

    Args:
        spec: the part so far.
        settings: the changes, in their order; keys are dotted, values YAML.
        prefix: what a key may begin with, as it would in a study (`model.`).

    Raises:
        SegablateError: one of them is not `key=value`.
    """
    from segablate.study.fields import gather, nest, replace, split, walk
    from segablate.study.source import parse

    leaves = gather(walk(dict(spec)))
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise SegablateError("this has no `=`", where=f"--set {setting}", hint="write `--set key=value`")
        parsed = parse(value, f"--set {setting}", lines=False).data
        leaves = replace(leaves, split(key.strip().removeprefix(prefix)), parsed)
    return nest(leaves)
