"""Where a data set lies: what the study says, else a folder of `$SEGABLATE_DATA`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from segablate.errors import SegablateError

VARIABLE = "SEGABLATE_DATA"


@dataclass(frozen=True)
class Layout:
    """How a data set's folder is recognised.

    Attributes:
        expects: paths that must exist below it.
        folders: what the folder may be called below `$SEGABLATE_DATA`.
        inside: where below a given folder the data set itself may begin.
        source: where the data set is had, for the hint.
    """

    expects: tuple[str, ...]
    folders: tuple[str, ...]
    inside: tuple[str, ...] = ("",)
    source: str = ""


def root_of(name: str, root: str | None, layout: Layout) -> Path:
    """The folder in which the layout begins.

    Args:
        name: the data set's name, for messages.
        root: the folder as a study says it; None looks below `$SEGABLATE_DATA`.
        layout: what is looked for.

    Raises:
        SegablateError: there is no such folder, or it has another layout.
    """
    bases = _bases(name, root, layout)
    for base in bases:
        for inside in layout.inside:
            if _is_here(base / inside, layout):
                return base / inside
    there = [base for base in bases if base.is_dir()]
    if not there:
        raise SegablateError(
            "there is no such folder", where=str(bases[0]), hint=_expected(layout, name), field="root"
        )
    missing = [path for path in layout.expects if not (there[0] / path).exists()]
    raise SegablateError(
        f"data set `{name}` needs `{missing[0]}` here, and there is none",
        where=str(there[0]),
        hint=_expected(layout, name),
        field="root",
    )


def _is_here(folder: Path, layout: Layout) -> bool:
    return folder.is_dir() and all((folder / path).exists() for path in layout.expects)


def _bases(name: str, root: str | None, layout: Layout) -> list[Path]:
    if root is not None:
        return [Path(os.path.expanduser(root))]
    value = os.environ.get(VARIABLE)
    if not value:
        raise SegablateError(
            f"data set `{name}` is nowhere: `data.root` is not said and `${VARIABLE}` is not set",
            hint=_expected(layout, name),
            field="root",
        )
    return [Path(os.path.expanduser(value)) / folder for folder in layout.folders]


def _expected(layout: Layout, name: str) -> str:
    shown = ", ".join(f"`{path}`" for path in layout.expects)
    looked = f"`data.root`, or `${VARIABLE}/{layout.folders[0]}`, is the folder"
    holds = f"{looked} that holds {shown}" if shown else f"{looked} of `{name}`"
    return f"{holds}; {layout.source}" if layout.source else holds
