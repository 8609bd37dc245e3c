"""Draw values by row, a marker a variant: who loses which class, at one look."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import quantity
from segablate.report.figures import Dots
from segablate.report.looks import COLOURS, GRID, MARKERS, TIP, even_limits, round_ticks, short

ROOM = 0.24
HEAD = 0.85
# room for the names of so many series in one line above the rows
IN_A_LINE = 2
LINE = 0.22


def canvas(figure: Dots) -> tuple[Canvas, tuple[str, ...]]:
    """The figure drawn, and what each mark tells."""
    lines = -(-len(figure.series) // IN_A_LINE)
    rows = ROOM * len(figure.rows)
    height = HEAD + LINE * lines + rows
    drawn = Canvas(figsize=(8, height))
    axes = drawn.add_axes((0.2, 0.55 / height, 0.75, rows / height))
    _frame(axes, figure)
    tips = _dots(axes, figure)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=IN_A_LINE,
        frameon=False,
        fontsize=8.5,
        handletextpad=0.3,
    )
    return drawn, tuple(tips)


def _frame(axes: Axes, figure: Dots) -> None:
    what = quantity(figure.metric)
    known = [value * what.scale for one in figure.series for value in one.values if value is not None]
    low, high, step = even_limits(min(known), max(known), most=what.limits[1] or float("inf"))
    if what.shown_unit == "%":
        low = max(0.0, low)
    axes.set_xlim(low, high)
    axes.set_xticks(round_ticks(low, high, step))
    axes.set_xlabel(what.heading)
    axes.set_ylim(len(figure.rows) - 0.4, -0.6)
    axes.set_yticks(range(len(figure.rows)), [short(name, 24) for name in figure.rows], fontsize=8.5)
    axes.grid(True, linewidth=0.4, color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    # a mark at the very left must not touch the name of its row
    axes.tick_params(axis="y", length=0, pad=8)


def _dots(axes: Axes, figure: Dots) -> list[str]:
    what = quantity(figure.metric)
    tips: list[str] = []
    for at, one in enumerate(figure.series):
        named = False
        for row, value in enumerate(one.values):
            if value is None:
                continue
            axes.plot(
                value * what.scale,
                row,
                marker=MARKERS[at % len(MARKERS)],
                markersize=6,
                linestyle="",
                color=COLOURS[at % len(COLOURS)],
                # every second one hollow, so that neighbours that overlap can still be told apart
                markerfacecolor="none" if at % 2 else COLOURS[at % len(COLOURS)],
                markeredgewidth=1.4,
                clip_on=False,
                label="" if named else short(one.label, 44),
                gid=f"{TIP}{len(tips)}",
            )
            named = True
            tips.append(f"{figure.rows[row]}, {one.label}: {what.shown(value, unit=True)}")
    return tips
