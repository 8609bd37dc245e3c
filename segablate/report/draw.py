"""Draw a figure: the same bytes each time, legible without colour.

Line style, marker and colour each tell something, and every curve has its name and last value at its end.
Ceilings are drawn by what is lost, on a logarithmic scale, because they crowd just under 100 %.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator

from segablate.quantity import quantity
from segablate.report import draw_bars
from segablate.report.blocks import Bars, Curve, Figure
from segablate.report.scales import Scale, scale

# Okabe and Ito's colours, in an order in which neighbours also differ in lightness
COLOURS = ("#0072B2", "#E69F00", "#000000", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
STYLES = ("-", "--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 3)))
MOST_TICKS = 16
LABEL_GAP = 0.055
MARK = "segablate-data:"


def svg(figure: Figure | Bars) -> bytes:
    """The figure as SVG. What it shows is inside as JSON too, so that figures can be compared by it."""
    told = MARK + json.dumps(asdict(figure), sort_keys=True, ensure_ascii=True)
    out = io.BytesIO()
    with _plain_style():
        drawn = draw_bars.canvas(figure) if isinstance(figure, Bars) else canvas(figure)
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": "segablate", "Description": told})
    return out.getvalue()


def canvas(figure: Figure) -> Canvas:
    """The figure drawn, on nothing yet."""
    drawn = Canvas(figsize=(8, 4.6))
    axes = drawn.add_axes((0.1, 0.12, 0.6, 0.78))
    heights = scale(figure)
    _frame(axes, figure, heights)
    _curves(axes, figure, heights)
    return drawn


def data_of(drawn: bytes) -> Any:
    """What an SVG of ours shows; None for any other file."""
    text = drawn.decode("utf-8", "replace")
    start, end = text.find(MARK), text.find("</dc:description>")
    if start < 0 or end < start:
        return None
    told = text[start + len(MARK) : end]
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        told = told.replace(entity, character)
    try:
        return json.loads(told)
    except ValueError:
        return None


@contextmanager
def _plain_style() -> Iterator[None]:
    """Nobody's own settings: matplotlib's defaults, its own font, text as text, fixed ids."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "svg.hashsalt": "segablate",
                "svg.fonttype": "none",
                "font.size": 10,
                "axes.linewidth": 0.6,
                "lines.linewidth": 1.5,
                "lines.markersize": 5.5,
            }
        )
        yield


def _frame(axes: Axes, figure: Figure, heights: Scale) -> None:
    xs = sorted({x for curve in figure.curves for x in curve.x})
    axes.set_xscale("log", base=2)
    axes.set_xlim(xs[0] / 1.12, xs[-1] * 1.06)
    ticks = _ticks(xs)
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(figure.x_label)
    axes.set_ylim(*heights.limits)
    axes.set_yticks([height for height, _ in heights.ticks], [label for _, label in heights.ticks])
    axes.text(-0.11, 1.05, heights.title, transform=axes.transAxes)
    axes.grid(True, linewidth=0.4, color="#cccccc")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _ticks(xs: Sequence[float]) -> list[float]:
    """Where something was measured; powers of ten where that is at too many places to be named."""
    if len(xs) <= MOST_TICKS:
        return list(xs)
    decades = range(math.ceil(math.log10(xs[0])), math.floor(math.log10(xs[-1])) + 1)
    return [*(10.0**decade for decade in decades if 10.0**decade < xs[-1] / 5), xs[-1]]


def _curves(axes: Axes, figure: Figure, scaled: Scale) -> None:
    # the style that joins most points is the solid one
    points: dict[str, int] = {}
    for curve in figure.curves:
        points[curve.style] = points.get(curve.style, 0) + len(curve.x)
    styles = sorted(points, key=lambda style: -points[style])
    markers = list(dict.fromkeys(curve.marker for curve in figure.curves))
    right = axes.get_xlim()[1]
    # what is clamped at the top keeps its order
    places = _apart([_share(scaled, curve, figure) + 1e-6 * curve.y[-1] for curve in figure.curves])
    for curve, place in zip(figure.curves, places, strict=True):
        heights = [scaled.height(value * quantity(figure.metric).scale) for value in curve.y]
        look: dict[str, Any] = {
            "color": _colour(curve, figure),
            "linestyle": STYLES[styles.index(curve.style) % len(STYLES)],
            "marker": MARKERS[markers.index(curve.marker) % len(MARKERS)]
            if 0 < len(curve.x) <= MOST_TICKS
            else "",
        }
        axes.plot(curve.x or axes.get_xlim(), heights if curve.x else heights * 2, clip_on=False, **look)
        _name(axes, curve, figure, (curve.x[-1] if curve.x else right, heights[-1]), place)


def _name(axes: Axes, curve: Curve, figure: Figure, end: tuple[float, float], place: float) -> None:
    """Write a curve's name and last value to the right, with a thin line from its end."""
    line = {"arrowstyle": "-", "linewidth": 0.6, "color": _colour(curve, figure), "relpos": (0, 0.5)}
    axes.annotate(
        f"{_short(curve.label)}  {quantity(figure.metric).shown(curve.y[-1])}",
        xy=end,
        xytext=(1.05, place),
        textcoords="axes fraction",
        va="center",
        fontsize=8.5,
        annotation_clip=False,
        arrowprops={**line, "shrinkA": 0, "shrinkB": 0},
    )


def _colour(curve: Curve, figure: Figure) -> str:
    words = list(dict.fromkeys(one.colour for one in figure.curves))
    return COLOURS[words.index(curve.colour) % len(COLOURS)]


def _share(scaled: Scale, curve: Curve, figure: Figure) -> float:
    """Where a curve ends, as a share of the axis."""
    low, high = scaled.limits
    return (scaled.height(curve.y[-1] * quantity(figure.metric).scale) - low) / (high - low)


def _apart(places: Sequence[float]) -> list[float]:
    """The places, at least LABEL_GAP apart and in the same order, within 0…1 while there is room."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    gap = min(LABEL_GAP, 1 / max(1, len(places) - 1))
    for _ in range(2):
        for at in range(1, len(moved)):
            moved[at] = max(moved[at], moved[at - 1] + gap)
        over = max(0.0, moved[-1] - 1.0)
        moved[-1] -= over
        for at in range(len(moved) - 2, -1, -1):
            moved[at] = min(moved[at], moved[at + 1] - gap)
    spread = [0.0] * len(places)
    for place, i in zip(moved, order, strict=True):
        spread[i] = place
    return spread


def _short(label: str) -> str:
    line = " ".join(label.split()).replace("$", r"\$")
    return line if len(line) <= 34 else f"{line[:33]}…"
