"""`segablate init`: a study to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from segablate.cli.app import app, example
from segablate.errors import SegablateError

NAME = re.compile("[a-z0-9][a-z0-9-]*")
TEMPLATE = """\
# {name}: what is asked, what varies, what is measured. `segablate plan {file}` checks it and runs nothing.
name: {name} # as the file's
question: Which upsampler gives back most of the labels?
expect: >-
  What you expect, written before looking.
claims: # written before looking: `beats`, `is no worse than` or `matches`, or `reaches` a printed number
  - {{claim: DUpsampling-32 + 16 beats bilinear + 16, metric: miou}}
  # - {{claim: DUpsampling-32 + 32 is no worse than bilinear + 16, metric: miou, source: Table 1}}
# cite: where the question or the table comes from

fixed: # what all variants share; `segablate list` shows what there is, `segablate show NAME` its settings
  data: {{use: shapes, images: 16, size: [96, 128]}} # yours: {{use: folder, root: …, classes: 19}}
  # input: {{size: [512, 1024]}} # for the measures complexity and latency
  # model.encoder: resnet18

vary: # axis: its choices; the first choice of each axis is the baseline
  model.upsampler:
    bilinear: bilinear
    nearest: nearest
    DUpsampling-32: {{use: dupsampling, channels: 32}}
  model.output_stride: [16, 32]

# design: one-at-a-time # grid, the default, is every choice with every other

skip: # what is left out, with the reason for the report
  - when: {{model.upsampler: nearest, model.output_stride: 32}}
    because: it shows nothing that stride 16 does not

measure:
  - oracle # how much of the labels comes back, before anything is trained
  # - complexity # parameters and multiply-adds

# repeat: 5 # seeds 0…4, the same for every variant, for measures that have a random part
# names: {{DUpsampling-32: "DUpsampling, 32 channels"}} # what the page calls a variant, an axis or a choice
# table: {{as: matrix, rows: model.upsampler, show: [miou]}} # how its main table looks
"""


@app.command(epilog=example("segablate init my-decoders"))
def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Small letters, digits and `-`; the file is called so too.",
            show_default=False,
        ),
    ],
) -> None:
    """Write a commented study to start from.

    It goes into `studies/` where there is such a folder, else here; a file that is there is left alone.
    """
    if not NAME.fullmatch(name):
        raise SegablateError(
            f"`{name}` will not do as a study's name",
            hint="small letters, digits and `-`: the name becomes a folder",
        )
    folder = Path("studies")
    path = (folder if folder.is_dir() else Path()) / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=name, file=path.as_posix()))
    except FileExistsError:
        raise SegablateError(
            "there is such a file already", where=str(path), hint="take another name"
        ) from None
    except OSError as error:
        raise SegablateError(
            f"cannot be written: {(error.strerror or '').lower()}", where=str(path)
        ) from None
    print(path.as_posix())
