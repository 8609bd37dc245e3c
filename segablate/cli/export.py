"""`segablate export`: a study's results in another program, or a network as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.network import USUAL_SHAPE, Shapes
from segablate.cli.options import AllowExternal, AsJson, Classes, Label, ReportsFolder, StoreFolder
from segablate.errors import SegablateError

ONNX = "onnx"
# seeds of the images on which the program is compared with the network
TRIED = (0, 1)


@app.command(epilog=example("segablate export studies/quickstart.yaml --to mlflow"))
def export(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", help="The study's YAML file; with `--to onnx` a network.", show_default=False
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="The file that `--to onnx` writes.", show_default=False),
    ] = None,
    *,
    to: Annotated[
        str,
        typer.Option(metavar="NAME", help="`onnx`, or see `segablate list exporters`.", show_default=False),
    ],
    overrides: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change the study or the network; may be given again."
        ),
    ] = [],  # noqa: B006  # Typer makes its own list
    store: StoreFolder = Path("runs"),
    reports: ReportsFolder = None,
    label: Label = "",
    shapes: Shapes = [USUAL_SHAPE],  # noqa: B006  # likewise
    classes: Classes = 19,
    labels: Annotated[
        bool, typer.Option("--labels", help="With `--to onnx`: give labels in place of scores.")
    ] = False,
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Take results, or a network, to another program.

    Of a study one run a cell: what it read, its samples and its arrays. What is there already is left alone.
    A network is written in its deployment form: `segablate export pp-liteseg-t net.onnx --to onnx`.
    With `--input` given again it is one file for all sizes where the network bears it, else one for each.
    """
    from segablate.cli import output
    from segablate.report.words import listed

    if to == ONNX:
        if path is None:
            raise SegablateError("`--to onnx` needs the file to write", hint="name it after the network")
        document = _network(subject, path, shapes, classes, overrides, labels, allow_external)
        words = "\n".join(
            f"{file['where']} takes {listed([f'{h}×{w}' for h, w in file['sizes']])} "
            f"and gives {document['output']} as torch does"
            for file in document["files"]
        )
    elif path is not None:
        raise SegablateError(f"`--to {to}` writes no file, but `{path}` is given", hint="leave it out")
    else:
        document, words = _study(Path(subject), to, overrides, store, reports, label, allow_external)
    if as_json:
        output.document(document)
    else:
        output.show(words)


def _study(
    study: Path,
    to: str,
    overrides: list[str],
    store: Path,
    reports: Path | None,
    label: str,
    allow_external: bool,
) -> tuple[dict[str, Any], str]:
    from segablate.app import publish
    from segablate.report.data import read
    from segablate.report.exporters.base import exporters

    exporter = exporters.part(to).build({}, {})
    place = publish.place_of(store, reports, label, overrides)
    with publish.results_of(study, place, overrides, allow_external) as (facts, data):
        new, there, where = exporter.export(facts, read(data))
    document = {"study": facts.name, "to": to, "where": where, "new": new, "there": there}
    return document, f"{new:,} cells taken to {where}, {there:,} were there"


def _network(
    model: str,
    path: Path,
    shapes: list[str],
    classes: int,
    settings: list[str],
    labels: bool,
    allow_external: bool,
) -> dict[str, Any]:
    import torch

    from segablate.app.publish import find_external
    from segablate.cli.network import configured, parsed, placed
    from segablate.models.assemble import assemble
    from segablate.models.fuse import fuse
    from segablate.models.onnx import check_packages
    from segablate.models.onnx import export as to_onnx
    from segablate.models.scopes import scoped
    from segablate.models.segmenter import Segmenter

    check_packages("an export to ONNX")
    sizes = [parsed(shape) for shape in shapes]
    if len({batch for batch, *_ in sizes}) > 1:
        raise SegablateError("`--input` is given with several numbers of images", hint="take one for all")
    find_external(allow_external)
    with placed():
        network = assemble(configured(model, settings), classes, allow_external=allow_external).eval()
        if isinstance(network, Segmenter):
            for _, height, width in sizes:
                network.check_size(height, width)
            network = fuse(network)
    drawn = [torch.Generator().manual_seed(seed) for seed in TRIED]
    images = [
        torch.randn(count, 3, height, width, generator=generator)
        for count, height, width in sizes
        for generator in drawn
    ]
    files = to_onnx(scoped(network, "labels" if labels else "logits"), images, path)
    output = "labels" if labels else "scores"
    batch, height, width = sizes[0]
    return {
        "model": model,
        "to": ONNX,
        "where": str(path),
        "input": [batch, 3, height, width],
        "files": [{"where": str(file), "sizes": tried} for file, tried in files.items()],
        "classes": classes,
        "output": output,
    }
