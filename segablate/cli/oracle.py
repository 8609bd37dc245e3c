"""`segablate oracle`: the label-reconstruction ceiling of a folder of label maps, without a study file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from segablate.cli.app import app, example
from segablate.cli.options import AsJson, Classes, items, numbers
from segablate.errors import SegablateError

# field of the measure's configuration → option that sets it, the narrower after the wider
OPTIONS = {
    "data.classes": "--classes",
    "data.ignore": "--ignore",
    "model.output_stride": "--stride",
    "model.upsampler": "--upsampler",
    "model.upsampler.channels": "--channels",
    "model.upsampler.bits": "--bits",
    "bits": "--bits",
    "fit": "--fit",
    "score": "--score",
    "limit": "--limit",
}

ON_ITSELF = (
    "Fitted on the label maps that are scored, which flatters by several points where these are few or "
    "channels many: `--fit` and `--score` take lists of names."
)


@app.command(epilog=example("segablate oracle labels --classes 21 --stride 16,32 --upsampler bilinear"))
def oracle(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="A folder of label maps.", show_default=False)
    ],
    classes: Classes,
    stride: Annotated[str, typer.Option(metavar="S,…", help="Output strides.")],
    upsampler: Annotated[
        str, typer.Option(metavar="U,…", help="Upsamplers, see `segablate list upsamplers`.")
    ],
    channels: Annotated[
        str, typer.Option(metavar="K,…", help="Numbers of channels, for upsamplers that have some.")
    ] = "64",
    encode: Annotated[
        Literal["project", "optimise", "autoencoder", "clusters"],
        typer.Option(
            metavar="HOW",
            help="project: linearly; optimise: then search; autoencoder: by a network, "
            "trained on label maps that are not scored; clusters: in few bits, by k-means.",
        ),
    ] = "project",
    bits: Annotated[
        int, typer.Option(min=1, max=16, metavar="B", help="Bits of each number of a cell, for `clusters`.")
    ] = 8,
    centre: Annotated[bool, typer.Option("--centre", help="Take the mean patch off before the fit.")] = False,
    fit: Annotated[
        Path | None,
        typer.Option(
            metavar="LIST", help="File with the names to fit on; without it: all.", show_default=False
        ),
    ] = None,
    score: Annotated[
        Path | None,
        typer.Option(
            metavar="LIST", help="File with the names to score; without it: all.", show_default=False
        ),
    ] = None,
    ignore: Annotated[
        int | None,
        typer.Option(
            metavar="VALUE",
            help="The label value that is not scored; without it 255, or none where 255 is a class.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Score N label maps only, spread evenly.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the ceiling of a folder of label maps, without a study.

    Each label map is stored at 1/stride of its size and restored by the upsampler.
    The restored label maps are scored against the true ones.
    """
    strides, widths, names = (
        numbers("--stride", stride),
        numbers("--channels", channels),
        items("--upsampler", upsampler),
    )

    from segablate.app.answers import of_ceilings
    from segablate.app.oracle import ceilings, ignored
    from segablate.cli import output
    from segablate.cli.progress import Bars

    with named(labels):
        rows = ceilings(
            labels,
            classes,
            ignored(ignore, classes),
            strides,
            names,
            widths,
            encode,
            bits,
            centre,
            fit,
            score,
            limit,
            Bars().progress,
        )
    if as_json:
        output.document({"rows": rows})
    else:
        if answer := of_ceilings(rows):
            output.paragraph(answer)
            output.show()
        _print(rows)
        if fit is None and encode != "autoencoder" and any(row["channels"] is not None for row in rows):
            output.show()
            output.paragraph(ON_ITSELF)


@contextmanager
def named(labels: Path) -> Iterator[None]:
    """Say errors in the words of the command line: the option at fault, and hints that it can follow."""
    places = {"data": str(labels), **OPTIONS}
    try:
        yield
    except SegablateError as error:
        field = error.field or ""
        options = [place for name, place in places.items() if f"{field}.".startswith(f"{name}.")]
        error.where = error.where or (options[-1] if options else None)
        error.hint = _hint(error.hint or "")
        raise


def _hint(hint: str) -> str | None:
    value = re.match(r"say `(classes|ignore): (\d+)`", hint)
    if value:
        return f"pass `--{value[1]} {value[2]}`"
    hint = re.sub(r"`(fit|score|limit|encode)(: (\w+))?`", _option, hint)
    return None if "`data." in hint else hint or None


def _option(setting: re.Match[str]) -> str:
    return f"`--{setting[1]} {setting[3]}`" if setting[3] else f"`--{setting[1]}`"


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    from segablate.cli import output
    from segablate.quantity import quantity

    shown = ("miou", "pixel_accuracy", "boundary_iou", "code_bits", "entropy_bits")
    scores = [quantity(metric) for metric in shown if metric in rows[0]]
    heads = ["upsampler", "output stride", "channels", *(score.heading for score in scores), "images"]
    lines = [
        [
            str(row["upsampler"]),
            str(row["output_stride"]),
            "–" if row["channels"] is None else str(row["channels"]),
            *(score.shown(row[score.metric]) for score in scores),
            f"{row['images']:,}",
        ]
        for row in rows
    ]
    output.fitted(heads, lines)
    if not any(row["pixels"] for row in rows):
        output.show("\nNo pixel is scored: all of them hold the label value that is ignored.")
