"""Draw values with their intervals: a dot and a bar a variant, the value written beside it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import quantity
from segablate.report.blocks import Spans
from segablate.report.looks import wrapped

LONGEST = 38
ROOM = 0.3
HEAD = 0.9


def canvas(spans: Spans) -> Canvas:
    """The values drawn, on nothing yet."""
    height = HEAD + ROOM * len(spans.spans)
    drawn = Canvas(figsize=(8, height))
    axes = drawn.add_axes((0.33, 0.55 / height, 0.52, ROOM * len(spans.spans) / height))
    _values(axes, spans)
    axes.set_yticks(
        range(len(spans.spans)), [wrapped(span.label, LONGEST) for span in spans.spans], fontsize=8
    )
    axes.set_ylim(len(spans.spans) - 0.4, -0.6)
    axes.set_xlim(0)
    axes.set_xlabel(quantity(spans.metric).heading)
    axes.grid(True, axis="x", linewidth=0.4, color="#cccccc")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return drawn


def _values(axes: Axes, spans: Spans) -> None:
    what = quantity(spans.metric)
    for place, span in enumerate(spans.spans):
        value = span.value * what.scale
        low, high = (end * what.scale for end in span.interval or (span.value, span.value))
        axes.plot([low, high], [place, place], color="#0072B2", linewidth=2)
        axes.plot([value], [place], color="#000000", marker="o", markersize=4)
        axes.annotate(
            what.shown(span.value),
            xy=(max(high, value), place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
