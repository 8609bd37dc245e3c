"""Draw a figure: the same bytes each time, legible without colour.

Line style, marker and colour each tell something, and every curve has its name and last value at its end.
Ceilings are drawn by what is lost, on a logarithmic scale, because they crowd just under 100 %.
"""

from __future__ import annotations

import html
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
from segablate.report import draw_bars, draw_dots, draw_effects, draw_scatter, draw_spans
from segablate.report.figures import Bars, Curve, Dots, Effects, Figure, Picture, Scatter, Spans
from segablate.report.looks import COLOURS, MARKERS, SMALL, STYLES, TIP, apart, beside, short
from segablate.report.scales import Scale, scale
from segablate.report.words import visible

MOST_TICKS = 16
# inches: around the axes, their width, and what a curve's name takes in height
LEFT, BELOW, ABOVE, WIDTH, ROOM = 0.8, 0.55, 0.46, 4.8, 0.2
# the line again beside its name, where many end at about the same place
SAMPLE, NAME = (1.045, 1.07, 1.095), 1.115
THIN: dict[str, Any] = {"markevery": [1], "markersize": 4.0, "linewidth": 1.2}
MARK = "segablate-data:"


def svg(figure: Picture) -> bytes:
    """The figure as SVG. What it shows is inside as JSON too, so that figures can be compared by it.

    What a mark stands for is its `<title>`, which browsers tell when it is pointed at.
    """
    told = MARK + json.dumps(asdict(figure), sort_keys=True, ensure_ascii=True)
    out = io.BytesIO()
    with _plain_style():
        drawn, tips = drawing(figure)
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": "segablate", "Description": told})
    return visible(_tipped(out.getvalue().decode(), tips)).encode()


def drawing(figure: Picture) -> tuple[Canvas, tuple[str, ...]]:
    """The figure drawn, and what its marks tell: the n-th is of the artist whose gid is `tip-n`."""
    if isinstance(figure, Bars):
        return draw_bars.canvas(figure), ()
    if isinstance(figure, Spans):
        return draw_spans.canvas(figure), ()
    if isinstance(figure, Scatter):
        return draw_scatter.canvas(figure)
    if isinstance(figure, Effects):
        return draw_effects.canvas(figure)
    if isinstance(figure, Dots):
        return draw_dots.canvas(figure)
    return canvas(figure), ()


def _tipped(drawn: str, tips: Sequence[str]) -> str:
    for at, tip in enumerate(tips):
        mark = f'<g id="{TIP}{at}">'
        title = html.escape(" ".join(tip.split()))
        drawn = drawn.replace(mark, f'<g id="{TIP}{at}" class="tip"><title>{title}</title>', 1)
    return drawn


def canvas(figure: Figure) -> Canvas:
    """The figure drawn, on nothing yet."""
    height = max(4.6, BELOW + ABOVE + ROOM * len(figure.curves))
    width = LEFT + WIDTH * NAME + beside([_told(curve, figure) for curve in figure.curves])
    drawn = Canvas(figsize=(width, height))
    axes = drawn.add_axes((LEFT / width, BELOW / height, WIDTH / width, (height - BELOW - ABOVE) / height))
    heights = scale(figure)
    _frame(axes, figure, heights)
    _curves(axes, figure, heights)
    return drawn


def _told(curve: Curve, figure: Figure) -> str:
    return f"{short(curve.label)}  {quantity(figure.metric).shown(curve.y[-1])}"


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
    places = apart([_share(scaled, curve, figure) + 1e-6 * curve.y[-1] for curve in figure.curves])
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
        axes.plot(SAMPLE, [place] * len(SAMPLE), transform=axes.transAxes, clip_on=False, **look, **THIN)


def _name(axes: Axes, curve: Curve, figure: Figure, end: tuple[float, float], place: float) -> None:
    """Write a curve's name and last value to the right, with a thin line from its end."""
    line = {"arrowstyle": "-", "linewidth": 0.5, "color": _colour(curve, figure), "relpos": (1, 0.5)}
    axes.annotate(
        "",
        xy=end,
        xytext=(SAMPLE[0], place),
        textcoords="axes fraction",
        annotation_clip=False,
        arrowprops={**line, "shrinkA": 0, "shrinkB": 0},
    )
    look: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "fontsize": SMALL}
    axes.text(NAME, place, _told(curve, figure), **look)


def _colour(curve: Curve, figure: Figure) -> str:
    words = list(dict.fromkeys(one.colour for one in figure.curves))
    return COLOURS[words.index(curve.colour) % len(COLOURS)]


def _share(scaled: Scale, curve: Curve, figure: Figure) -> float:
    """Where a curve ends, as a share of the axis."""
    low, high = scaled.limits
    return (scaled.height(curve.y[-1] * quantity(figure.metric).scale) - low) / (high - low)
