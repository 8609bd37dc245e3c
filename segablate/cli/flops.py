"""`segablate flops`: what a network costs, without a study file."""

from __future__ import annotations

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

    from segablate.app.answers import of_cost
    from segablate.app.publish import find_external
    from segablate.cli import output
    from segablate.measures.counting import text
    from segablate.measures.counting.count import cost

    find_external(allow_external)
    with placed():
        spec = configured(model, settings)
        found = cost(spec, classes, (height, width), batch=batch, quick=quick, allow_external=allow_external)
    if as_json:
        output.document(_document(found, model))
        return
    output.paragraph(of_cost(found, model))
    output.show()
    tree, notes = text.tree(found, model, depth), text.notes(found)
    output.show("\n".join([*tree, ""]))
    for note in notes:
        output.paragraph(note, "    ")


def _document(found: Cost, model: str) -> dict[str, Any]:
    from segablate.app import tables
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
        "groups": [tables.module(one) for one in found.groups],
        "modules": [tables.module(one) for one in found.modules.values() if one.name],
    }
