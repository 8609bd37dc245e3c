"""`segablate flops`: what a network costs, without a study file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.network import (
    USUAL_SHAPE,
    Shape,
    configured,
    model_argument,
    parsed,
    placed,
    set_option,
)
from segablate.cli.options import AllowExternal, AsJson, Classes

if TYPE_CHECKING:
    from segablate.measures.counting.cost import Cost


@app.command(epilog=example("segablate flops pp-liteseg-t --input 1x3x512x1024 --quick"))
def flops(
    model: Annotated[str, model_argument("A network")],
    shape: Shape = USUAL_SHAPE,
    classes: Classes = 19,
    settings: Annotated[
        list[str],
        set_option("Change the network: variant=paper, decoder.fusion=add"),
    ] = [],  # noqa: B006  # Typer makes its own list
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Count convolutions and matrix products alone, by torch's formulas."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Count again with fvcore, and name the modules where it differs.")
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

    from segablate.app.answers import of_cost
    from segablate.app.publish import find_external
    from segablate.cli import output
    from segablate.measures.counting import text
    from segablate.measures.counting.count import cost
    from segablate.measures.counting.fvcore import multiply_adds

    find_external(allow_external)
    with placed():
        spec = configured(model, settings)
        counted = cost(
            spec, classes, (height, width), batch=batch, quick=quick, allow_external=allow_external
        )
        theirs = (
            multiply_adds(spec, classes, (height, width), batch=batch, allow_external=allow_external)
            if check
            else None
        )
    if as_json:
        output.document(_document(counted, model, theirs))
        return
    output.paragraph(of_cost(counted, model))
    output.show()
    tree, notes = text.tree(counted, model, depth), text.notes(counted, theirs)
    output.show("\n".join([*tree, ""]))
    for note in notes:
        output.paragraph(note, "    ")


def _document(counted: Cost, model: str, theirs: Mapping[str, int] | None) -> dict[str, Any]:
    from segablate.app import tables
    from segablate.measures.counting import conventions

    whole, parameters = counted.modules[""], counted.parameters
    return {
        "model": model,
        "input": list(counted.shape),
        "classes": counted.classes,
        "params": parameters.total,
        "trainable_params": parameters.trainable,
        "training_only_params": parameters.training_only,
        "macs": whole.macs,
        "flops": whole.flops,
        "elementwise": None if counted.quick else whole.others,
        "peak_bytes": counted.peak,
        "weight_bytes": parameters.bytes,
        "convention": f"{conventions.FLOPS}; elementwise: {conventions.ELEMENTWISE}",
        "uncounted": dict(counted.uncounted),
        "operators": dict(whole.elementwise),
        "check": {
            "torch_flops": counted.check.torch_flops,
            "ratio": counted.check.ratio,
            "differences": {name: list(pair) for name, pair in counted.check.differences.items()},
            "fvcore": None if theirs is None else {"macs": theirs[""], "differences": counted.apart(theirs)},
        },
        "groups": [tables.module(module) for module in counted.groups],
        "modules": [tables.module(module) for module in counted.modules.values() if module.name],
    }
