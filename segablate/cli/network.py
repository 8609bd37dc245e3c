"""A network and its input as a command line names them: what `flops` and `latency` share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from segablate.cli.options import changed
from segablate.errors import SegablateError, near_miss

SHAPE = re.compile(r"(\d{1,9})[x×](\d{1,9})[x×](\d{1,9})[x×](\d{1,9})")
COLOURS = 3

Shape = Annotated[str, typer.Option("--input", metavar="BxCxHxW", help="Shape of the input.")]
Shapes = Annotated[
    list[str], typer.Option("--input", metavar="BxCxHxW", help="Shape of the input; may be given again.")
]
USUAL_SHAPE = "1x3x512x1024"


def model_argument(which: str) -> Any:
    """The argument that names networks; `which` begins its help."""
    own = "see `segablate list networks`; or package.module:function of your own."
    return typer.Argument(metavar="MODEL", help=f"{which}, {own}", show_default=False)


def set_option(meaning: str) -> Any:
    """The option `--set` of a network."""
    return typer.Option("--set", metavar="KEY=VALUE", help=f"{meaning}; may be given again.")


def configured(model: str, settings: list[str]) -> dict[str, Any]:
    """The network as a study would write it.

    Raises:
        SegablateError: a `--set` that is not `key=value`, or a network that does not exist.
    """
    if ":" in model:
        return changed({"use": "external", "factory": model}, settings, "model.")
    return changed({"use": _network(model)}, settings, "model.")


def _network(name: str) -> str:
    from segablate.models.networks.base import networks

    if name not in networks.names():
        raise SegablateError(f"there is no network `{name}`", hint=near_miss(name, networks.names()))
    return name


def parsed(shape: str) -> tuple[int, int, int]:
    """Batch, height and width of a shape in words.

    Raises:
        SegablateError: it is not one, or a side is 0, or there are not three channels.
    """
    match = SHAPE.fullmatch(shape.strip())
    numbers = [int(side) for side in match.groups()] if match else []
    if not numbers or 0 in numbers:
        raise SegablateError(
            f"`--input` is `{shape}`",
            hint="write batch, channels, height and width, of at most 9 digits each: `1x3x512x1024`",
        )
    if numbers[1] != COLOURS:
        raise SegablateError(f"`--input` has {numbers[1]} channels, but a network here takes 3")
    return numbers[0], numbers[2], numbers[3]


@contextmanager
def placed() -> Iterator[None]:
    """Say errors in the words of the command line."""
    try:
        yield
    except SegablateError as error:
        if error.where is None and error.field and error.field not in ("use", "factory"):
            error.where = f"--set {error.field}"
        raise
