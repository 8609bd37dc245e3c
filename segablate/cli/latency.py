"""`segablate latency`: networks timed side by side, without a study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from segablate.cli.options import AllowExternal, AsJson, Classes, Device, Wait
from segablate.errors import SegablateError

if TYPE_CHECKING:
    from segablate.app.latency import Row

OPTIONS = ("scope", "precision", "runtime", "cap")


@app.command(
    epilog=example("segablate latency pp-liteseg-t stdc1-seg --input 1x3x64x128 --repeat 1 --cap 0.2")
)
def latency(
    models: Annotated[list[str], model_argument("Networks")],
    shape: Shape = USUAL_SHAPE,
    classes: Classes = 19,
    settings: Annotated[
        list[str],
        set_option("Change every network"),
    ] = [],  # noqa: B006  # Typer makes its own list
    scope: Annotated[
        Literal["forward", "logits", "labels", "end-to-end"], typer.Option(help="Where timing ends.")
    ] = "labels",
    precision: Annotated[
        Literal["fp32", "tf32", "fp16", "bf16"], typer.Option(help="Of weights and activations.")
    ] = "fp32",
    memory_format: Annotated[
        Literal["channels-first", "channels-last"], typer.Option(help="Of weights and activations.")
    ] = "channels-first",
    runtime: Annotated[str, typer.Option(metavar="NAME", help="What runs the networks.")] = "eager",
    plain: Annotated[bool, typer.Option("--plain", help="Form the scores of all pixels.")] = False,
    protocol: Annotated[
        Literal["segablate", "paddleseg-trt"], typer.Option(help="When timing begins and ends.")
    ] = "segablate",
    cap: Annotated[float, typer.Option(metavar="SECONDS", help="Of timing, a network and process.")] = 5.0,
    repeat: Annotated[int, typer.Option(min=1, metavar="N", help="How many fresh processes.")] = 3,
    device: Device = "auto",
    wait: Wait = 600.0,
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Time networks side by side, interleaved.

    Each is timed in its deployment form, in turn with the others, so that drift hits all alike.
    The interval is that of the spread between processes.
    """
    from segablate.app.latency import side_by_side
    from segablate.app.publish import find_external
    from segablate.cli import output
    from segablate.cli.progress import Bars
    from segablate.measures.inputs import Input
    from segablate.run.machine import pick_device

    batch, height, width = parsed(shape)
    chosen = {
        "scope": scope,
        "precision": precision,
        "memory_format": memory_format,
        "runtime": runtime,
        "fused": not plain,
        "protocol": protocol,
        "cap": cap,
    }
    find_external(allow_external)
    where = pick_device(device)
    with placed(), _in_options():
        shared, rows = side_by_side(
            [(name, configured(name, settings)) for name in models],
            Input((height, width), batch, classes),
            where,
            chosen,
            repeat,
            Bars().progress,
            allow_external=allow_external,
            wait=wait,
        )
    if as_json:
        output.document(_document(shared, rows))
    else:
        _show(shared, rows)


@contextmanager
def _in_options() -> Iterator[None]:
    """What the measure calls a setting is an option here."""
    try:
        yield
    except SegablateError as error:
        if error.where is None and error.field in OPTIONS:
            error.where = f"--{error.field}"
        raise


def _document(shared: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    from segablate.run.machine import describe

    return {
        "protocol": {**shared, "level": 0.95, "processes": len(rows[0].processes)},
        "machine": {**describe(), "device": shared["device"], "device_name": shared["device_name"]},
        "rows": [
            {
                "model": row.model,
                **row.metrics,
                "interval_ms": row.interval,
                "against_first": None
                if row.against is None
                else {"ratio": row.against.value, "low": row.against.low, "high": row.against.high},
                "samples": [sample for process in row.processes for sample in process],
                "samples_per_process": [len(process) for process in row.processes],
                "flags": row.flags,
            }
            for row in rows
        ],
    }


def _show(shared: Mapping[str, Any], rows: Sequence[Row]) -> None:
    from segablate.app.answers import of_times
    from segablate.cli import output

    output.paragraph(of_times(shared, rows))
    output.show()
    size = "×".join(str(side) for side in (shared["batch"], 3, *shared["size"]))
    kind = "CPU" if shared["device"] == "cpu" else "CUDA"
    threads = "1 thread" if shared["threads"] == 1 else f"{shared['threads']} threads"
    output.paragraph(
        f"{kind}: {shared['device_name']}, {threads}; {size}, {shared['classes']} classes; "
        f"{shared['scope']}, {shared['precision']}, {shared['runtime']}"
    )
    heads = ("network", "p50 ms", "interval", "× first", "its interval", "p95 ms", "p99 ms", "FPS", "n")
    left = output.fitted(heads, [_cells(row) for row in rows])
    for flag, models in _flags(rows):
        whose = "" if len(models) == len(rows) else f", {', '.join(models)}"
        output.paragraph(f"{flag['name']}{whose}: {flag['found']}; {flag['remedy']}", "    ")
    if len(rows[0].processes) == 1:
        output.paragraph("one process: how far another would be from it is not known; `--repeat 3` tells")
    if left:
        output.say(f"\n{left} more column{'' if left == 1 else 's'} with `--json`: there is no room here")


def _flags(rows: Sequence[Row]) -> Iterator[tuple[Mapping[str, str], list[str]]]:
    """Each flag once, with the networks that have it."""
    flags = {flag["name"]: flag for row in reversed(rows) for flag in row.flags}
    for name, flag in flags.items():
        yield flag, [row.model for row in rows if name in {own["name"] for own in row.flags}]


def _cells(row: Row) -> list[str]:
    taken = row.metrics
    ratio = row.against
    return [
        row.model,
        f"{taken['p50_ms']:.3f}",
        "–" if row.interval is None else f"{row.interval[0]:.3f}…{row.interval[1]:.3f}",
        "1" if ratio is None else f"{ratio.value:.3f}",
        "" if ratio is None else f"{ratio.low:.3f}…{ratio.high:.3f}",
        f"{taken['p95_ms']:.3f}",
        f"{taken['p99_ms']:.3f}",
        f"{taken['fps']:.1f}",
        "+".join(str(len(process)) for process in row.processes),
    ]
