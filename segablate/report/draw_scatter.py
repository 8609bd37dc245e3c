"""Draw variants in a plane of two metrics: the front joined, intervals as whiskers, each named at the right.

A filled mark is on the front, a hollow one is not; the baseline has a ring. Colour only repeats the marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator

from segablate.quantity import Quantity, quantity
from segablate.report.figures import Point, Scatter
from segablate.report.looks import (
    COLOURS,
    GRID,
    INK,
    MARKERS,
    SMALL,
    TIP,
    apart,
    beside,
    even_limits,
    log_ticks,
    round_ticks,
    short,
)

GAP = 0.05
LEFT, WIDTH = 0.8, 4.3
ROOM = 0.24


def canvas(figure: Scatter) -> tuple[Canvas, tuple[str, ...]]:
    """The figure drawn, and what each mark tells."""
    texts = [_told(figure, one) for one in figure.points]
    height = max(4.6, 1.2 + ROOM * len(figure.points))
    width = LEFT + WIDTH * 1.05 + beside(texts)
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((LEFT / width, 0.55 / height, WIDTH / width, 1 - 1.0 / height))
    _frame(axes, figure)
    _front(axes, figure)
    places = apart([_share(axes, one, figure) for one in figure.points], GAP)
    for at, (point, place) in enumerate(zip(figure.points, places, strict=True)):
        _point(axes, figure, at, point)
        _name(axes, figure, at, place)
    return drawn, tuple(tip(figure, one) for one in figure.points)


def _told(figure: Scatter, point: Point) -> str:
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    return f"{short(point.label)}  {x.shown(point.x)} | {y.shown(point.y)}"


def tip(figure: Scatter, point: Point) -> str:
    """A point in words."""
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    told = [
        f"{point.label}{' (baseline)' if point.baseline else ''}",
        f"{x.title} {with_interval(x, point.x, point.x_interval)}",
        f"{y.title} {with_interval(y, point.y, point.y_interval)}",
        point.n,
    ]
    return ", ".join(filter(None, told))


def with_interval(what: Quantity, value: float, interval: tuple[float, float] | None) -> str:
    """A value with its unit, and its interval where there is one."""
    shown = what.shown(value, unit=True)
    return f"{shown} [{what.shown(interval[0])}, {what.shown(interval[1])}]" if interval else shown


def _frame(axes: Axes, figure: Scatter) -> None:
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    widths = [end * x.scale for one in figure.points for end in (one.x_interval or (one.x, one.x))]
    heights = [end * y.scale for one in figure.points for end in (one.y_interval or (one.y, one.y))]
    ticks = log_ticks(min(widths), max(widths))
    axes.set_xscale("log")
    axes.set_xlim(ticks[0] / 1.08, ticks[-1] * 1.08)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{x.heading}; the scale is logarithmic")
    low, high, step = even_limits(min(heights), max(heights), most=y.limits[1] or float("inf"))
    # a wide interval around a share may reach below nothing, where no share is
    low = max(0.0, low) if y.shown_unit == "%" else low
    axes.set_ylim(low, high)
    axes.set_yticks(round_ticks(low, high, step))
    axes.text(-0.14, 1.03, y.heading, transform=axes.transAxes)
    axes.grid(True, linewidth=0.4, color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _front(axes: Axes, figure: Scatter) -> None:
    """Steps: what can be had at most for what is spent at most."""
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    front = sorted((one for one in figure.points if one.front), key=lambda one: one.x)
    if front:
        axes.step(
            [one.x * x.scale for one in front],
            [one.y * y.scale for one in front],
            where="post" if x.direction == "lower" else "pre",
            color=INK,
            linewidth=0.9,
            linestyle="--",
            zorder=1,
        )


def _point(axes: Axes, figure: Scatter, at: int, point: Point) -> None:
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    colour, middle = COLOURS[at % len(COLOURS)], (point.x * x.scale, point.y * y.scale)
    line: dict[str, Any] = {"color": colour, "linewidth": 1.0, "zorder": 2}
    if point.x_interval:
        axes.plot([end * x.scale for end in point.x_interval], [middle[1]] * 2, **line)
    if point.y_interval:
        axes.plot([middle[0]] * 2, [end * y.scale for end in point.y_interval], **line)
    if point.baseline:
        axes.plot(*middle, marker="o", markersize=13, markerfacecolor="none", markeredgecolor=INK, zorder=2)
    axes.plot(
        *middle,
        marker=MARKERS[at % len(MARKERS)],
        markersize=7,
        markerfacecolor=colour if point.front else "#ffffff",
        markeredgecolor=colour,
        linestyle="",
        zorder=3,
        gid=f"{TIP}{at}",
    )


def _name(axes: Axes, figure: Scatter, at: int, place: float) -> None:
    """The mark again, so that it is found where many are, then the name and both values."""
    x, y, point = quantity(figure.x_metric), quantity(figure.y_metric), figure.points[at]
    line = {
        "arrowstyle": "-",
        "linewidth": 0.4,
        "color": GRID,
        "relpos": (0, 0.5),
        "shrinkA": 0,
        "shrinkB": 4,
    }
    axes.annotate(
        _told(figure, point),
        xy=(point.x * x.scale, point.y * y.scale),
        xytext=(1.05, place),
        textcoords="axes fraction",
        va="center",
        fontsize=SMALL,
        annotation_clip=False,
        arrowprops=line,
        zorder=0,
    )
    colour = COLOURS[at % len(COLOURS)]
    axes.plot(
        1.03,
        place,
        transform=axes.transAxes,
        marker=MARKERS[at % len(MARKERS)],
        markersize=4.5,
        markerfacecolor=colour if point.front else "#ffffff",
        markeredgecolor=colour,
        linestyle="",
        clip_on=False,
    )


def _share(axes: Axes, point: Point, figure: Scatter) -> float:
    low, high = axes.get_ylim()
    return (point.y * quantity(figure.y_metric).scale - low) / (high - low)


def front(points: Sequence[tuple[float, float]], *, x_sign: int, y_sign: int) -> list[bool]:
    """Which points no other point dominates; signs are +1 where more is better and −1 where less is.

    O(n²), which is nothing for the variants of a study.
    """
    turned = [(x_sign * x, y_sign * y) for x, y in points]
    return [
        not any(other[0] >= one[0] and other[1] >= one[1] and other != one for other in turned)
        for one in turned
    ]
