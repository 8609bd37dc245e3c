"""Draw differences to the baseline: an interval a variant, the margin that does not matter shaded.

The marker tells the verdict: a triangle points to where it is decided, a square lies inside the margin,
a hollow circle is undecided.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Effect, Effects
from segablate.report.looks import COLOURS, GRID, INK, TIP, even_limits, round_ticks, wrapped
from segablate.report.words import signed

LOOKS = {
    "better": (">", COLOURS[0]),
    "worse": ("<", COLOURS[4]),
    "equivalent": ("s", COLOURS[3]),
    "undecided": ("o", INK),
}
OTHER = ("D", INK)
ROOM = 0.34
HEAD = 1.15
LONGEST = 34


def canvas(figure: Effects) -> tuple[Canvas, tuple[str, ...]]:
    """The figure drawn, and what each mark tells."""
    height = HEAD + ROOM * len(figure.effects)
    drawn = Canvas(figsize=(8, height))
    axes = drawn.add_axes((0.27, 0.55 / height, 0.42, ROOM * len(figure.effects) / height))
    _frame(axes, figure)
    for at, effect in enumerate(figure.effects):
        _effect(axes, figure, at, effect)
    return drawn, tuple(f"{one.label}: {told(figure, one)}, {one.n}" for one in figure.effects)


def told(figure: Effects, effect: Effect) -> str:
    """`+1.20 [+0.30, +2.10] better` in the shown unit; a ratio in percent of the baseline."""
    value = shown(figure, effect.value)
    if effect.interval is None:
        return f"{value} {effect.kind}"
    low, high = (shown(figure, end) for end in effect.interval)
    return f"{value} [{low}, {high}] {effect.kind}"


def shown(figure: Effects, value: float) -> str:
    """A difference as a person reads it."""
    return signed(_drawn(figure, value), 1 if figure.ratio else quantity(figure.metric).digits)


def _drawn(figure: Effects, value: float) -> float:
    return 100 * (value - 1) if figure.ratio else value * quantity(figure.metric).scale


def _unit(figure: Effects) -> str:
    what: Quantity = quantity(figure.metric)
    if figure.ratio:
        return "% of the baseline"
    return "points" if what.shown_unit == "%" else what.shown_unit


def _frame(axes: Axes, figure: Effects) -> None:
    margin = abs(_drawn(figure, 1 + figure.margin if figure.ratio else figure.margin))
    ends = [_drawn(figure, end) for one in figure.effects for end in (one.interval or (one.value, one.value))]
    low, high, step = even_limits(min(-margin, 0.0, *ends), max(margin, 0.0, *ends))
    axes.axvspan(-margin, margin, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    axes.set_xlim(low, high)
    axes.set_xticks(round_ticks(low, high, step))
    axes.set_ylim(len(figure.effects) - 0.4, -0.6)
    axes.set_yticks(
        range(len(figure.effects)), [wrapped(one.label, LONGEST) for one in figure.effects], fontsize=8
    )
    unit = _unit(figure)
    axes.set_xlabel(
        f"{quantity(figure.metric).title}: difference to the baseline{f' ({unit})' if unit else ''}"
    )
    axes.grid(True, axis="x", linewidth=0.4, color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _effect(axes: Axes, figure: Effects, at: int, effect: Effect) -> None:
    marker, colour = LOOKS.get(effect.kind, OTHER)
    if effect.interval:
        axes.plot([_drawn(figure, end) for end in effect.interval], [at, at], color=colour, zorder=2)
    axes.plot(
        _drawn(figure, effect.value),
        at,
        marker=marker,
        markersize=7,
        linestyle="",
        color=colour,
        markerfacecolor="#ffffff" if effect.kind == "undecided" else colour,
        zorder=3,
        gid=f"{TIP}{at}",
    )
    axes.annotate(
        told(figure, effect),
        xy=(1.03, at),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        annotation_clip=False,
    )
