"""`segablate flops`: what a network costs, without a study file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.options import AllowExternal, AsJson, changed, find_external
from segablate.errors import SegablateError, near_miss

if TYPE_CHECKING:
    from segablate.measures.counting.cost import Cost

SHAPE = re.compile(r"(\d+)[x×](\d+)[x×](\d+)[x×](\d+)")
COLOURS = 3


@app.command(epilog=example("segablate flops pp-liteseg-t --input 1x3x512x1024 --quick"))
def flops(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A network, see `segablate list networks`; or package.module:function of your own.",
            show_default=False,
        ),
    ],
    shape: Annotated[
        str, typer.Option("--input", metavar="BxCxHxW", help="Shape of the input.")
    ] = "1x3x512x1024",
    classes: Annotated[int, typer.Option(min=1, metavar="N", help="How many classes there are.")] = 19,
    settings: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change the network: variant=paper, decoder.fusion=add; may be given again.",
        ),
    ] = [],  # noqa: B006  # Typer makes its own list
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Count convolutions and matrix products alone: compute nothing."),
    ] = False,
    depth: Annotated[int, typer.Option(min=0, metavar="N", help="Levels of the tree that are shown.")] = 2,
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Count a network's parameters and operations.

    Multiply-adds (GMAC) and twice as many (GFLOP) are of convolutions and matrix products.
    All other operations are counted apart, and what is not counted is named.
    """
    batch, height, width = parsed(shape)

    from segablate.cli import output
    from segablate.measures.counting import text
    from segablate.measures.counting.count import cost

    find_external(allow_external)
    with placed():
        spec = configured(model, settings)
        found = cost(spec, classes, (height, width), batch=batch, quick=quick, allow_external=allow_external)
    if as_json:
        output.document(_document(found, model))
    else:
        print("\n".join(text.lines(found, model, depth)))


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
    found = SHAPE.fullmatch(shape.strip())
    sides = [int(side) for side in found.groups()] if found else []
    if not sides or 0 in sides:
        raise SegablateError(
            f"`--input` is `{shape}`", hint="write batch, channels, height and width: `1x3x512x1024`"
        )
    if sides[1] != COLOURS:
        raise SegablateError(f"`--input` has {sides[1]} channels, but a network here takes 3")
    return sides[0], sides[2], sides[3]


@contextmanager
def placed() -> Iterator[None]:
    """Say errors in the words of the command line."""
    try:
        yield
    except SegablateError as error:
        if error.where is None and error.field and error.field not in ("use", "factory"):
            error.where = f"--set {error.field}"
        raise


def _document(found: Cost, model: str) -> dict[str, Any]:
    from segablate.measures.counting import conventions

    whole, parameters = found.modules[""], found.parameters
    return {
        "model": model,
        "input": list(found.shape),
        "classes": found.classes,
        "params": parameters.total,
        "trainable_params": parameters.trainable,
        "training_only_params": parameters.training_only,
        "macs": whole.macs,
        "flops": whole.flops,
        "elementwise": None if found.quick else whole.others,
        "peak_bytes": found.peak,
        "weight_bytes": parameters.bytes,
        "convention": f"{conventions.FLOPS}; elementwise: {conventions.ELEMENTWISE}",
        "uncounted": dict(found.uncounted),
        "operators": dict(whole.elementwise),
        "check": {
            "torch_flops": found.check.torch_flops,
            "ratio": found.check.ratio,
            "differences": {name: list(pair) for name, pair in found.check.differences.items()},
        },
        "groups": [_row(module) for module in found.groups],
        "modules": [_row(module) for module in found.modules.values() if module.name],
    }


def _row(module: Any) -> dict[str, Any]:
    return {
        "name": module.name,
        "kind": module.kind,
        "params": module.params,
        "macs": module.macs,
        "flops": module.flops,
        "elementwise": module.others,
        "bytes": module.moved,
        "intensity": round(module.intensity, 3),
    }
