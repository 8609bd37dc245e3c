"""`segablate list` and `segablate show`: what a study may name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.options import AsJson
from segablate.errors import SegablateError

if TYPE_CHECKING:
    from segablate.registry import Part

# Cityscapes' number of classes and half its size
DRAWN = (19, (512, 1024))


@app.command("list", epilog=example("segablate list upsamplers"))
def list_parts(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="[KIND]",
            help="Of one kind, as `upsamplers`; without it, of every kind there is.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List what a study may name."""
    from segablate.app import catalogue
    from segablate.cli import output

    parts_of = {
        name: catalogue.parts(name)
        for name in ([catalogue.singular(kind)] if kind else catalogue.registries())
    }
    rows = [(name, part.name, part.summary) for name, parts in parts_of.items() for part in parts]
    if as_json:
        output.document({"parts": [dict(zip(("kind", "name", "summary"), row, strict=True)) for row in rows]})
    else:
        output.table(("kind", "name", "what it is"), rows)


@app.command("show", epilog=example("segablate show bilinear"))
def show_part(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name that `segablate list` shows.", show_default=False)
    ],
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Of a data set: draw one example into this file.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="SPLIT", help="Where the example is from, a split or a list file.", show_default=False
        ),
    ] = "",
    index: Annotated[int, typer.Option(metavar="N", help="Which example of the split.")] = 0,
    settings: Annotated[
        list[str],
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set; may be given again."),
    ] = [],  # noqa: B006  # Typer makes its own list
    as_json: AsJson = False,
) -> None:
    """Show one part: its settings, its paper, its file.

    Of a data set it draws an example, if asked to: image, label map, the one over the other.
    """
    from segablate.app import catalogue
    from segablate.cli import output

    matches = catalogue.named(name)
    if picture is None and (split or index or settings):
        raise SegablateError("`--split`, `--index` and `--set` are about a picture, and none is asked for")
    drawn = None if picture is None else _drawn(matches, picture, split, index, settings)
    described = [_described(kind, part) for kind, part in matches]
    if as_json:
        output.document({"parts": described} | ({"picture": drawn} if drawn else {}))
        return
    for index, facts in enumerate(described):
        if index:
            print()
        _print(facts)
        if facts["kind"] == "network":
            _draw(name)
    if drawn:
        from segablate.cli.picture import summary

        output.say(summary(drawn))


def _drawn(
    matches: list[tuple[str, Part]], path: Path, split: str, index: int, settings: list[str]
) -> dict[str, Any]:
    from segablate.cli.picture import draw

    for kind, part in matches:
        if kind == "dataset":
            return draw(part, path, split, index, settings)
    kind, part = matches[0]
    raise SegablateError(
        f"`--picture` draws an example of a data set, and `{part.name}` is of kind `{kind}`",
        hint="see `segablate list datasets`",
    )


def _described(kind: str, part: Part) -> dict[str, Any]:
    from dataclasses import asdict

    from segablate.app.catalogue import settings

    return {
        "kind": kind,
        "name": part.name,
        "summary": part.summary,
        "settings": [asdict(setting) for setting in settings(part)],
        "paper": part.paper,
        "version": part.version,
        "file": part.file,
    }


def _print(facts: dict[str, Any]) -> None:
    import json

    from segablate.cli import output

    print(f"{facts['kind']} `{facts['name']}`: {facts['summary']}")
    if facts["settings"]:
        print()
        rows = [
            (
                setting["name"],
                setting["type"],
                "must be given" if setting["required"] else json.dumps(setting["default"]),
                setting["meaning"],
            )
            for setting in facts["settings"]
        ]
        output.table(("setting", "type", "default", "meaning"), rows)
    print()
    if facts["paper"]:
        print(f"paper    {facts['paper']}")
    print(f"version  {facts['version']}")
    print(f"file     {_near(Path(facts['file']))}")


def _draw(network: str) -> None:
    """The network as a tree of parts with the shapes they give."""
    from segablate.models.assemble import planned
    from segablate.models.tree import draw, tree

    classes, (height, width) = DRAWN
    print(f"\nat 3×{height}×{width} and {classes} classes: kind, parameters and what it gives\n")
    print("\n".join(draw(tree(planned({"use": network}, classes), (height, width), name=network))))


def _near(file: Path) -> Path:
    """Relative to the working directory where it lies below it."""
    here = Path(os.getcwd())
    return file.relative_to(here) if file.is_relative_to(here) else file
