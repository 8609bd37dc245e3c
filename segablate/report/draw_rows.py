"""What drawings with a row a variant share: names at the left, a scale below, values written beside."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.report.looks import GRID, SMALL, beside, wrapped

BELOW = 0.55
WIDTH = 4.2
MARGIN = 0.15


def rows(
    labels: Sequence[str], values: Sequence[str], title: str, *, room: float, above: float = 0.3
) -> tuple[Canvas, Axes]:
    """A canvas as tall as its rows and as wide as what is written beside them.

    Args:
        labels: names of the rows, from top to bottom.
        values: what is written at the right of them.
        title: what is on the horizontal axis.
        room: inches a row.
        above: inches above the first row.
    """
    height, tall = BELOW + room * len(labels) + above, room * len(labels)
    names = [wrapped(label) for label in labels]
    left = MARGIN * 2 + beside([line for name in names for line in name.split("\n")])
    width = left + WIDTH + MARGIN * 2 + beside(values)
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((left / width, BELOW / height, WIDTH / width, tall / height))
    axes.set_yticks(range(len(labels)), names, fontsize=SMALL)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(title)
    axes.grid(True, axis="x", linewidth=0.4, color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return drawn, axes


def write(axes: Axes, text: str, row: int, end: float) -> None:
    """Write a value beside where its row ends, in the units of the axis."""
    axes.annotate(
        text,
        xy=(end, row),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        annotation_clip=False,
    )
