"""Draw stacked bars: the parts told apart by hatching as well as by colour, the whole written at the end."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import quantity
from segablate.report.draw_rows import rows, write
from segablate.report.figures import Bars
from segablate.report.looks import SMALL

# a part looks the same on every page
LOOKS = {
    "encoder": ("#0072B2", ""),
    "context": ("#E69F00", "///"),
    "decoder": ("#56B4E9", "..."),
    "upsampler": ("#000000", ""),
}
OTHER = ("#CC79A7", "xx")
ROOM = 0.36
LEGEND = 0.55


def canvas(bars: Bars) -> Canvas:
    """The bars drawn, on nothing yet."""
    what = quantity(bars.metric)
    told = [what.shown(sum(bar.values)) for bar in bars.bars]
    drawn, axes = rows([bar.label for bar in bars.bars], told, what.heading, room=ROOM, above=LEGEND)
    _stack(axes, bars)
    for row, (bar, text) in enumerate(zip(bars.bars, told, strict=True)):
        write(axes, text, row, sum(bar.values) * what.scale)
    axes.set_xlim(0)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(bars.parts), frameon=False, fontsize=SMALL
    )
    return drawn


def _stack(axes: Axes, bars: Bars) -> None:
    what = quantity(bars.metric)
    starts = [0.0] * len(bars.bars)
    for at, part in enumerate(bars.parts):
        widths = [bar.values[at] * what.scale for bar in bars.bars]
        colour, hatch = LOOKS.get(part, OTHER)
        axes.barh(
            range(len(bars.bars)),
            widths,
            left=starts,
            height=0.7,
            label=part,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.4,
        )
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
