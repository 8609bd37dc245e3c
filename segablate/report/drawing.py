"""Draw the figures of a page: the same bytes each time, legible without colour.

    Figure   curves, each with its name and last value at its end
    Scatter  variants in a plane, the front joined; filled marks are on it, the baseline has a ring
    Rows     values, differences with the margin shaded, or the parts of a difference as bars
    Bars     stacked bars, the parts told apart by hatching too

Ceilings are drawn by what is lost, on a logarithmic scale, because they crowd just under 100 %.
"""

from __future__ import annotations

import html
import io
import json
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator

from segablate.quantity import quantity
from segablate.report.figures import Bars, Curve, Drawing, Figure, Point, Row, Rows, Scatter
from segablate.report.words import signed, visible

# Okabe and Ito's colours, in an order in which neighbours also differ in lightness
COLOURS = ("#0072B2", "#E69F00", "#000000", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
STYLES = ("-", "--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 3)))
GRID, INK, FADED = "#cccccc", "#000000", "#999999"
TIP, MARK = "tip-", "segablate-data:"
# text beside a drawing is of this size, a character of it about so wide, and a line so high, in inches
SMALL, CHARACTER, ROOM = 8.5, 0.073, 0.2
LONGEST = 56
LEFT, BELOW, ABOVE, WIDTH = 0.8, 0.55, 0.46, 4.8
MOST_TICKS = 16
# as shares of the axis: the line again beside its name, and the name
SAMPLE, NAME = (1.045, 1.07, 1.095), 1.115
# the axis of ceilings ends where 0.01 points are lost: closer to 100 % two decimals tell nothing
LEAST_LOST = 0.01
LOST_TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99)
VERDICTS = {
    "better": (">", COLOURS[0]),
    "worse": ("<", COLOURS[4]),
    "equivalent": ("s", COLOURS[3]),
    "undecided": ("o", INK),
    "confirmed": (">", COLOURS[0]),
    "refuted": ("<", COLOURS[4]),
    "cannot tell": ("o", INK),
}
# a part of a network looks the same on every page
PARTS = {
    "encoder": ("#0072B2", ""),
    "context": ("#E69F00", "///"),
    "decoder": ("#56B4E9", "..."),
    "upsampler": ("#000000", ""),
}
ARROW = 0.06  # of the scale's width


def svg(figure: Drawing) -> bytes:
    """The figure as SVG. What it shows is inside as JSON too, so that figures can be compared by it.

    What a mark stands for is its `<title>`, which browsers tell when it is pointed at.
    """
    data = MARK + json.dumps(asdict(figure), sort_keys=True, ensure_ascii=True)
    out = io.BytesIO()
    with plain_style():
        drawn, tips = canvas(figure)
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": "segablate", "Description": data})
    text = out.getvalue().decode()
    for at, tip in enumerate(tips):
        title = html.escape(" ".join(tip.split()))
        text = text.replace(f'<g id="{TIP}{at}">', f'<g id="{TIP}{at}" class="tip"><title>{title}</title>', 1)
    return visible(text).encode()


def canvas(figure: Drawing) -> tuple[Canvas, list[str]]:
    """The figure drawn, and what its marks tell: the n-th is of the artist whose gid is `tip-n`."""
    if isinstance(figure, Bars):
        return _bars(figure), []
    if isinstance(figure, Rows):
        return _rows(figure)
    return _scatter(figure) if isinstance(figure, Scatter) else (_curves(figure), [])


def data_of(drawn: bytes) -> Any:
    """What an SVG of ours shows; None for any other file."""
    text = drawn.decode("utf-8", "replace")
    start, end = text.find(MARK), text.find("</dc:description>")
    if start < 0 or end < start:
        return None
    try:
        return json.loads(html.unescape(text[start + len(MARK) : end]))
    except ValueError:
        return None


@contextmanager
def plain_style() -> Iterator[None]:
    """Nobody's own settings: matplotlib's defaults, its own font, text as text, fixed ids."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        own: dict[Any, Any] = {"svg.hashsalt": "segablate", "svg.fonttype": "none", "font.size": 10}
        own |= {"axes.linewidth": 0.6, "lines.linewidth": 1.5, "lines.markersize": 5.5}
        matplotlib.rcParams.update(own)
        yield


# curves


class Scale(NamedTuple):
    """A vertical axis: what is written above it, its ends, its ticks, and where a shown value is drawn."""

    title: str
    limits: tuple[float, float]
    ticks: list[tuple[float, str]]
    place: Callable[[float], float]


def scale(figure: Figure) -> Scale:
    """The vertical axis of curves: by what is lost, logarithmic, or fitted to what is shown."""
    what = quantity(figure.metric)
    shown = [value * what.scale for curve in figure.curves for value in curve.y]
    shown += [value * what.scale for _, value in figure.printed]
    if figure.scale == "lost":
        low = max((tick for tick in (0, 50, 80, 90) if tick <= min(shown)), default=0)
        ticks = [tick for tick in LOST_TICKS if tick >= low]
        labels = [*(f"{tick:g}" for tick in ticks[:-1]), f"≥ {ticks[-1]:g}"]
        title = f"{what.title}* ({what.shown_unit}); the scale is logarithmic in what is lost"
        return Scale(title, (lost(low), lost(100)), list(zip(map(lost, ticks), labels, strict=True)), lost)
    if figure.scale == "log":
        steps = log_ticks(min(shown), max(shown))
        marks = [(math.log10(step), f"{step:g}") for step in steps]
        return Scale(
            f"{what.heading}; the scale is logarithmic", (marks[0][0], marks[-1][0]), marks, math.log10
        )
    least, most, step = even_limits(min(shown), max(shown), most=what.limits[1] or math.inf)
    least = least if min(shown) < 0 else max(0.0, least)
    marks = [(tick, f"{tick:g}") for tick in round_ticks(least, most, step)]
    return Scale(figure.heading or what.heading, (least, most), marks, float)


def lost(shown: float) -> float:
    """Where a percentage is drawn: minus the logarithm of the points that are lost."""
    return -math.log10(max(LEAST_LOST, 100 - shown))


def _curves(figure: Figure) -> Canvas:
    height = max(4.6, BELOW + ABOVE + ROOM * len(figure.curves))
    width = LEFT + WIDTH * NAME + _beside([_ending(curve, figure) for curve in figure.curves])
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((LEFT / width, BELOW / height, WIDTH / width, (height - BELOW - ABOVE) / height))
    scaled, what = scale(figure), quantity(figure.metric)
    xs = sorted({x for curve in figure.curves for x in curve.x})
    if figure.linear:
        axes.set_xlim(0, xs[-1] * 1.02)
    else:
        axes.set_xscale("log", base=2)
        axes.set_xlim(xs[0] / 1.12, xs[-1] * 1.06)
        axes.set_xticks(xs, [f"{x:g}" for x in xs])
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(figure.x_label)
    axes.set_ylim(*scaled.limits)
    axes.set_yticks([height for height, _ in scaled.ticks], [label for _, label in scaled.ticks])
    axes.text(-0.11, 1.05, scaled.title, transform=axes.transAxes)
    _plain(axes)
    for label, value in figure.printed:
        at = scaled.place(value * what.scale)
        axes.axhline(at, color=FADED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        look: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 7.5, "color": "#555555"}
        axes.text(0.99, at, f"{label} (printed)", transform=axes.get_yaxis_transform(), **look)
    _lines(axes, figure, scaled)
    return drawn


def _lines(axes: Axes, figure: Figure, scaled: Scale) -> None:
    what = quantity(figure.metric)
    # the style that joins most points is the solid one
    points: dict[str, int] = {}
    for curve in figure.curves:
        points[curve.style] = points.get(curve.style, 0) + len(curve.x)
    styles = sorted(points, key=lambda style: -points[style])
    markers, colours = (
        list(dict.fromkeys(words))
        for words in ([curve.marker for curve in figure.curves], [curve.colour for curve in figure.curves])
    )
    low, high = scaled.limits
    heights = [[scaled.place(value * what.scale) for value in curve.y] for curve in figure.curves]
    # what is clamped at the top keeps its order
    ends = [
        (own[-1] - low) / (high - low) + 1e-6 * curve.y[-1]
        for own, curve in zip(heights, figure.curves, strict=True)
    ]
    for curve, own, place in zip(figure.curves, heights, apart(ends), strict=True):
        colour = COLOURS[colours.index(curve.colour) % len(COLOURS)]
        few = 0 < len(curve.x) <= MOST_TICKS
        look: dict[str, Any] = {
            "color": colour,
            "linestyle": STYLES[styles.index(curve.style) % len(STYLES)],
            "marker": MARKERS[markers.index(curve.marker) % len(MARKERS)] if few else "",
        }
        axes.plot(curve.x or axes.get_xlim(), own if curve.x else own * 2, clip_on=False, **look)
        line = {
            "arrowstyle": "-",
            "linewidth": 0.5,
            "color": colour,
            "relpos": (1, 0.5),
            "shrinkA": 0,
            "shrinkB": 0,
        }
        end = (curve.x[-1] if curve.x else axes.get_xlim()[1], own[-1])
        axes.annotate(
            "", end, (SAMPLE[0], place), textcoords="axes fraction", annotation_clip=False, arrowprops=line
        )
        axes.text(NAME, place, _ending(curve, figure), transform=axes.transAxes, va="center", fontsize=SMALL)
        thin: dict[str, Any] = {"markevery": [1], "markersize": 4.0, "linewidth": 1.2, "clip_on": False}
        axes.plot(SAMPLE, [place] * len(SAMPLE), transform=axes.transAxes, **{**look, **thin})


def _ending(curve: Curve, figure: Figure) -> str:
    what = quantity(figure.metric)
    value = curve.y[-1]
    text = signed(value * what.scale, what.digits) if figure.heading.startswith("Δ") else what.shown(value)
    return f"{short(curve.label)}  {text}"


# a row a value


def _rows(figure: Rows) -> tuple[Canvas, list[str]]:
    what = quantity(figure.metric)
    unit = "points" if what.shown_unit == "%" else what.shown_unit
    unit = f"% of {figure.against}" if figure.ratio else unit
    differs = f"{what.title}: difference to {figure.against}{f' ({unit})' if unit else ''}"
    texts = [in_words(figure, row) for row in figure.rows]
    title = what.heading if figure.form == "values" else differs
    drawn, axes = _frame_of_rows([row.label for row in figure.rows], texts, title, room=0.3)
    margin = abs(_shown(figure, 1 + figure.margin if figure.ratio else figure.margin))
    inside = [row for row in figure.rows if not row.beyond]
    ends = [_shown(figure, end) for row in inside for end in (*(row.interval or ()), row.value)]
    if figure.form != "values":
        ends += [-margin, 0.0, margin]
        axes.axvspan(-margin, margin, color=GRID, alpha=0.6, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        axes.spines["left"].set_visible(False)
    low, high, step = even_limits(min(ends), max(ends))
    low = max(0.0, low) if min(ends) >= 0 else low
    axes.set_xlim(low, high)
    axes.set_xticks(round_ticks(low, high, step))
    for at, (row, text) in enumerate(zip(figure.rows, texts, strict=True)):
        if figure.form == "parts":
            last = at == len(figure.rows) - 1
            axes.barh(
                at, _shown(figure, row.value), height=0.7, color=INK if last else COLOURS[0], gid=f"{TIP}{at}"
            )
        else:
            _mark(axes, figure, at, row)
        _write(axes, text, at, high)
    return drawn, [
        ", ".join(filter(None, [f"{row.label}: {text}", row.n]))
        for row, text in zip(figure.rows, texts, strict=True)
    ]


def in_words(figure: Rows, row: Row) -> str:
    """`+1.20 [+0.30, +2.10] better` in the shown unit; a ratio in percent of what it is a ratio to."""
    what = quantity(figure.metric)
    digits = 1 if figure.ratio else what.digits

    def shown(value: float) -> str:
        return what.shown(value) if figure.form == "values" else signed(_shown(figure, value), digits)

    ends = f" [{', '.join(map(shown, row.interval))}]" if row.interval and figure.form != "values" else ""
    return f"{shown(row.value)}{ends} {row.kind}".rstrip()


def _shown(figure: Rows, value: float) -> float:
    return 100 * (value - 1) if figure.ratio else value * quantity(figure.metric).scale


def _mark(axes: Axes, figure: Rows, at: int, row: Row) -> None:
    """A triangle points to where a verdict is, a square lies inside the margin, what is open is hollow."""
    marker, colour = VERDICTS.get(row.kind, ("D" if row.kind else "o", INK if row.kind else COLOURS[0]))
    where = _shown(figure, row.value)
    if row.beyond:
        low, high = axes.get_xlim()
        end, inside = (high, low) if where > 0 else (low, high)
        where = end + ARROW * (inside - end)
        look = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=(end, at), xytext=(where, at), arrowprops=look)
    elif row.interval:
        axes.plot([_shown(figure, end) for end in row.interval], [at, at], color=colour, zorder=2)
    face = "#ffffff" if row.kind in ("undecided", "cannot tell") else colour
    mark: dict[str, Any] = {"marker": marker, "markersize": 7, "linestyle": "", "color": colour}
    axes.plot(where, at, **mark, markerfacecolor=face, zorder=3, gid=f"{TIP}{at}")


def _bars(figure: Bars) -> Canvas:
    what = quantity(figure.metric)
    texts = [what.shown(sum(bar.values)) for bar in figure.bars]
    drawn, axes = _frame_of_rows(
        [bar.label for bar in figure.bars], texts, what.heading, room=0.36, above=0.55
    )
    starts = [0.0] * len(figure.bars)
    for at, part in enumerate(figure.parts):
        widths = [bar.values[at] * what.scale for bar in figure.bars]
        colour, hatch = PARTS.get(part, ("#CC79A7", "xx"))
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
        axes.barh(range(len(widths)), widths, left=starts, height=0.7, label=part, **look)
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    for at, (text, end) in enumerate(zip(texts, starts, strict=True)):
        _write(axes, text, at, end)
    axes.set_xlim(0)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(figure.parts), frameon=False, fontsize=SMALL
    )
    return drawn


def _frame_of_rows(
    labels: Sequence[str], values: Sequence[str], title: str, *, room: float, above: float = 0.3
) -> tuple[Canvas, Axes]:
    """A canvas as tall as its rows and as wide as what is written beside them; `room` is a row's height."""
    names = [
        "\n".join(textwrap.wrap(" ".join(label.split()), 38, max_lines=2, placeholder="…")).replace(
            "$", r"\$"
        )
        for label in labels
    ]
    rows_height, inner = room * len(labels), 4.2
    height, left = (
        BELOW + rows_height + above,
        0.3 + _beside([line for name in names for line in name.split("\n")]),
    )
    width = left + inner + 0.3 + _beside(values)
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((left / width, BELOW / height, inner / width, rows_height / height))
    axes.set_yticks(range(len(labels)), names, fontsize=SMALL)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(title)
    _plain(axes, axis="x")
    axes.tick_params(axis="y", length=0)
    return drawn, axes


def _write(axes: Axes, text: str, row: int, end: float) -> None:
    """Write a value beside where its row ends, in the units of the axis."""
    look: dict[str, Any] = {"va": "center", "fontsize": SMALL, "annotation_clip": False}
    axes.annotate(text, xy=(end, row), xytext=(6, 0), textcoords="offset points", **look)


# a plane of two metrics


def _scatter(figure: Scatter) -> tuple[Canvas, list[str]]:
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    named = [point for point in figure.points if point.named]
    texts = [f"{short(point.label)}  {x.shown(point.x)} | {y.shown(point.y)}" for point in named]
    height, inner = max(4.6, 1.2 + 0.24 * len(named)), 4.3
    width = LEFT + inner * 1.05 + _beside(texts)
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((LEFT / width, BELOW / height, inner / width, 1 - 1.0 / height))
    _frame_of_scatter(axes, figure)
    front = sorted((point for point in figure.points if point.front), key=lambda point: point.x)
    where: Any = "post" if x.direction == "lower" else "pre"
    line: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": "--", "zorder": 1}
    axes.step(
        [point.x * x.scale for point in front], [point.y * y.scale for point in front], where=where, **line
    )
    low, high = axes.get_ylim()
    places = apart([(point.y * y.scale - low) / (high - low) for point in named], 0.05)
    for at, point in enumerate(figure.points):
        look = _look(point, named.index(point) if point.named else -1)
        _point(axes, figure, at, point, look)
        if point.named:
            place, text = places[named.index(point)], texts[named.index(point)]
            line = {
                "arrowstyle": "-",
                "linewidth": 0.4,
                "color": GRID,
                "relpos": (0, 0.5),
                "shrinkA": 0,
                "shrinkB": 4,
            }
            right: dict[str, Any] = {"xytext": (1.05, place), "textcoords": "axes fraction", "zorder": 0}
            right |= {"va": "center", "fontsize": SMALL, "annotation_clip": False, "arrowprops": line}
            axes.annotate(text, (point.x * x.scale, point.y * y.scale), **right)
            # the mark again, so that it is found where many are
            axes.plot(1.03, place, transform=axes.transAxes, clip_on=False, **{**look, "markersize": 4.5})
    return drawn, [tip(figure, point) for point in figure.points]


def tip(figure: Scatter, point: Point) -> str:
    """A point in words."""
    words = [f"{point.label}{' (baseline)' if point.baseline else ''}"]
    for metric, value, interval in (
        (figure.x_metric, point.x, point.x_interval),
        (figure.y_metric, point.y, point.y_interval),
    ):
        what = quantity(metric)
        ends = f" [{', '.join(map(what.shown, interval))}]" if interval else ""
        words.append(f"{what.title} {what.shown(value, unit=True)}{ends}")
    return ", ".join(filter(None, [*words, point.n]))


def _look(point: Point, at: int) -> dict[str, Any]:
    colour = COLOURS[at % len(COLOURS)] if point.named else FADED
    face = colour if point.front else "#ffffff"
    marker = MARKERS[at % len(MARKERS)] if point.named else "."
    return {
        "marker": marker,
        "markersize": 7,
        "markerfacecolor": face,
        "markeredgecolor": colour,
        "linestyle": "",
    }


def _point(axes: Axes, figure: Scatter, at: int, point: Point, look: dict[str, Any]) -> None:
    x, y = quantity(figure.x_metric).scale, quantity(figure.y_metric).scale
    line: dict[str, Any] = {"color": look["markeredgecolor"], "linewidth": 1.0, "zorder": 2}
    if point.x_interval:
        axes.plot([end * x for end in point.x_interval], [point.y * y] * 2, **line)
    if point.y_interval:
        axes.plot([point.x * x] * 2, [end * y for end in point.y_interval], **line)
    if point.baseline:
        ring: dict[str, Any] = {"markersize": 13, "markerfacecolor": "none", "markeredgecolor": INK}
        axes.plot(point.x * x, point.y * y, marker="o", **ring, zorder=2)
    axes.plot(point.x * x, point.y * y, **look, zorder=3, gid=f"{TIP}{at}")


def _frame_of_scatter(axes: Axes, figure: Scatter) -> None:
    x, y = quantity(figure.x_metric), quantity(figure.y_metric)
    widths = [end * x.scale for point in figure.points for end in (*(point.x_interval or ()), point.x)]
    heights = [end * y.scale for point in figure.points for end in (*(point.y_interval or ()), point.y)]
    ticks = log_ticks(min(widths), max(widths))
    axes.set_xscale("log")
    axes.set_xlim(ticks[0] / 1.08, ticks[-1] * 1.08)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{x.heading}; the scale is logarithmic")
    low, high, step = even_limits(min(heights), max(heights), most=y.limits[1] or math.inf)
    # a wide interval around a share may reach below nothing, where no share is
    low = max(0.0, low) if y.shown_unit == "%" else low
    axes.set_ylim(low, high)
    axes.set_yticks(round_ticks(low, high, step))
    axes.text(-0.14, 1.03, y.heading, transform=axes.transAxes)
    _plain(axes)


# what all have in common


def _plain(axes: Axes, axis: Any = "both") -> None:
    axes.grid(True, axis=axis, linewidth=0.4, color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _beside(texts: Sequence[str]) -> float:
    """Inches that the longest of some texts takes."""
    return CHARACTER * max(map(len, texts), default=0)


def short(label: str) -> str:
    """A label in one line that is not too long, without what matplotlib reads as mathematics."""
    line = " ".join(visible(label).split())
    line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
    return line.replace("$", r"\$")


def apart(places: Sequence[float], gap: float = 0.055) -> list[float]:
    """The places, at least `gap` apart and in the same order, within 0…1 while there is room."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    gap = min(gap, 1 / max(1, len(places) - 1))
    for _ in range(2):
        for at in range(1, len(moved)):
            moved[at] = max(moved[at], moved[at - 1] + gap)
        moved[-1] = min(moved[-1], 1.0)
        for at in range(len(moved) - 2, -1, -1):
            moved[at] = min(moved[at], moved[at + 1] - gap)
    return [moved[order.index(i)] for i in range(len(places))]


def even_limits(low: float, high: float, *, most: float = math.inf) -> tuple[float, float, float]:
    """Round limits around two numbers with some room, and the step of their ticks; none above `most`."""
    span = max(high - low, 1e-9 * max(1.0, abs(high)), 1e-12)
    decade = 10.0 ** math.floor(math.log10(span / 4))
    step = next(multiple * decade for multiple in (1.0, 2.0, 2.5, 5.0, 10.0) if multiple * decade >= span / 4)
    lower = math.floor((low - 0.1 * span) / step) * step
    upper = math.ceil((high + 0.1 * span) / step) * step
    return lower, min(upper, most), step


def round_ticks(lower: float, upper: float, step: float) -> list[float]:
    """The multiples of a step between two limits."""
    count = round((upper - lower) / step)
    return [lower + at * step for at in range(count + 1) if lower + at * step <= upper + 1e-9 * step]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from at or below `low` to at or above `high`."""
    # a decade more on either side: just below a power of ten the logarithm may round up to it
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [step * 10.0**decade for decade in decades for step in (1.0, 2.0, 5.0)]
    first = max((step for step in steps if step <= low), default=steps[0])
    last = min((step for step in steps if step >= high), default=steps[-1])
    if first == last:
        last = next((step for step in steps if step > first), first * 2)
    return [step for step in steps if first <= step <= last]
