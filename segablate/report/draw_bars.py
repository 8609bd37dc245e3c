"""Draw stacked bars: the parts told apart by hatching as well as by colour, the whole written at the end."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from segablate.quantity import quantity
from segablate.report.blocks import Bars
from segablate.report.looks import wrapped

# a part looks the same on every page
LOOKS = {
    "encoder": ("#0072B2", ""),
    "context": ("#E69F00", "///"),
    "decoder": ("#56B4E9", "..."),
    "upsampler": ("#000000", ""),
}
OTHER = ("#CC79A7", "xx")
LONGEST = 38
ROOM = 0.36
HEAD = 1.1


def canvas(bars: Bars) -> Canvas:
    """The bars drawn, on nothing yet."""
    height = HEAD + ROOM * len(bars.bars)
    drawn = Canvas(figsize=(8, height))
    axes = drawn.add_axes((0.33, 0.55 / height, 0.57, ROOM * len(bars.bars) / height))
    _stack(axes, bars)
    _frame(axes, bars)
    return drawn


def _stack(axes: Axes, bars: Bars) -> None:
    what = quantity(bars.metric)
    places = range(len(bars.bars))
    starts = [0.0] * len(bars.bars)
    for at, part in enumerate(bars.parts):
        widths = [bar.values[at] * what.scale for bar in bars.bars]
        axes.barh(
            places,
            widths,
            left=starts,
            height=0.7,
            label=part,
            color=LOOKS.get(part, OTHER)[0],
            hatch=LOOKS.get(part, OTHER)[1],
            edgecolor="white",
            linewidth=0.4,
        )
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    for place, (start, bar) in enumerate(zip(starts, bars.bars, strict=True)):
        axes.annotate(
            what.shown(sum(bar.values)),
            xy=(start, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )


def _frame(axes: Axes, bars: Bars) -> None:
    axes.set_yticks(range(len(bars.bars)), [wrapped(bar.label, LONGEST) for bar in bars.bars], fontsize=8)
    axes.set_ylim(len(bars.bars) - 0.4, -0.6)
    axes.set_xlim(0)
    axes.set_xlabel(quantity(bars.metric).heading)
    axes.grid(True, axis="x", linewidth=0.4, color="#cccccc")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(bars.parts), frameon=False, fontsize=8.5)
