"""Draw differences to the baseline: an interval a variant, the margin that does not matter shaded.

The marker tells the verdict: a triangle points to where it is decided, a square lies inside the margin,
a hollow circle is undecided. An arrow leads from a mark to what lies far beyond the scale.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import Quantity, quantity
from segablate.report.draw_rows import rows, write
from segablate.report.figures import Effect, Effects
from segablate.report.looks import COLOURS, GRID, INK, TIP, even_limits, round_ticks
from segablate.report.words import signed

LOOKS = {
    "better": (">", COLOURS[0]),
    "worse": ("<", COLOURS[4]),
    "equivalent": ("s", COLOURS[3]),
    "undecided": ("o", INK),
    "confirmed": (">", COLOURS[0]),
    "refuted": ("<", COLOURS[4]),
    "cannot tell": ("o", INK),
}
OTHER = ("D", INK)
ROOM = 0.34
ARROW = 0.06  # of the scale's width


def canvas(figure: Effects) -> tuple[Canvas, tuple[str, ...]]:
    """The figure drawn, and what each mark tells."""
    texts = [told(figure, one) for one in figure.effects]
    drawn, axes = rows([one.label for one in figure.effects], texts, _title(figure), room=ROOM)
    _frame(axes, figure)
    for at, (effect, text) in enumerate(zip(figure.effects, texts, strict=True)):
        _mark(axes, figure, at, effect)
        write(axes, text, at, axes.get_xlim()[1])
    return drawn, tuple(
        f"{one.label}: {text}, {one.n}" for one, text in zip(figure.effects, texts, strict=True)
    )


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


def _title(figure: Effects) -> str:
    what: Quantity = quantity(figure.metric)
    unit = "points" if what.shown_unit == "%" else what.shown_unit
    unit = f"% of {figure.against}" if figure.ratio else unit
    return f"{what.title}: difference to {figure.against}{f' ({unit})' if unit else ''}"


def _frame(axes: Axes, figure: Effects) -> None:
    margin = abs(_drawn(figure, 1 + figure.margin if figure.ratio else figure.margin))
    inside = [one for one in figure.effects if not one.beyond]
    ends = [_drawn(figure, end) for one in inside for end in (one.interval or (one.value, one.value))]
    low, high, step = even_limits(min(-margin, 0.0, *ends), max(margin, 0.0, *ends))
    axes.axvspan(-margin, margin, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    axes.set_xlim(low, high)
    axes.set_xticks(round_ticks(low, high, step))
    axes.spines["left"].set_visible(False)


def _mark(axes: Axes, figure: Effects, at: int, effect: Effect) -> None:
    marker, colour = LOOKS.get(effect.kind, OTHER)
    where = _drawn(figure, effect.value)
    if effect.beyond:
        where = _pointed(axes, at, colour, upwards=where > 0)
    elif effect.interval:
        axes.plot([_drawn(figure, end) for end in effect.interval], [at, at], color=colour, zorder=2)
    axes.plot(
        where,
        at,
        marker=marker,
        markersize=7,
        linestyle="",
        color=colour,
        markerfacecolor="#ffffff" if effect.kind == "undecided" else colour,
        zorder=3,
        gid=f"{TIP}{at}",
    )


def _pointed(axes: Axes, at: int, colour: str, *, upwards: bool) -> float:
    """Draw an arrow that leaves the scale; returns where its mark stands, at the arrow's foot."""
    low, high = axes.get_xlim()
    end, inside = (high, low) if upwards else (low, high)
    foot = end + ARROW * (inside - end)
    look = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(end, at), xytext=(foot, at), arrowprops=look)
    return foot
