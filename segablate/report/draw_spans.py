"""Draw values with their intervals: a dot and a bar a variant, the value written beside it."""

from __future__ import annotations

from matplotlib.figure import Figure as Canvas

from segablate.quantity import quantity
from segablate.report.draw_rows import rows, write
from segablate.report.figures import Spans
from segablate.report.looks import COLOURS, INK

ROOM = 0.32


def canvas(spans: Spans) -> Canvas:
    """The values drawn, on nothing yet."""
    what = quantity(spans.metric)
    told = [what.shown(span.value) for span in spans.spans]
    drawn, axes = rows([span.label for span in spans.spans], told, what.heading, room=ROOM)
    for row, (span, text) in enumerate(zip(spans.spans, told, strict=True)):
        value = span.value * what.scale
        low, high = (end * what.scale for end in span.interval or (span.value, span.value))
        axes.plot([low, high], [row, row], color=COLOURS[0], linewidth=2, clip_on=False)
        axes.plot([value], [row], color=INK, marker="o", markersize=4, clip_on=False)
        write(axes, text, row, max(high, value))
    axes.set_xlim(0)
    return drawn
