"""Vertical axes: ceilings by what is lost, costs by their order of magnitude, other scores as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segablate.quantity import Quantity, quantity
from segablate.report.figures import Figure

# the axis ends where 0.01 points are lost: closer to 100 % two decimals tell nothing
LEAST_LOST = 0.01
TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99)
LOWEST = (90, 80, 50, 0)
STEPS = (1, 2, 5)
SHARES = (15, 50, 100)


@dataclass(frozen=True)
class Scale:
    """A vertical axis.

    Attributes:
        title: what is written above it.
        limits: heights of its ends.
        ticks: heights and labels.
        place: shown value → height.
    """

    title: str
    limits: tuple[float, float]
    ticks: tuple[tuple[float, str], ...]
    place: Callable[[float], float]

    def height(self, shown: float) -> float:
        """Where a shown value is drawn."""
        return self.place(shown)


def scale(figure: Figure) -> Scale:
    """The axis of a figure."""
    what = quantity(figure.metric)
    shown = [value * what.scale for curve in figure.curves for value in curve.y]
    if what.shown_unit != "%":
        return _of_costs(what, shown)
    if what.direction == "none":
        return _of_shares(what, max(shown))
    return _of_scores(figure.heading) if figure.heading else _of_ceilings(what, min(shown))


def lost(shown: float) -> float:
    """Where a percentage is drawn: minus the logarithm of the points that are lost."""
    return -math.log10(max(LEAST_LOST, 100 - shown))


def _of_scores(title: str) -> Scale:
    """What networks reach is far from 100 %, where what is lost needs no room of its own."""
    ticks = range(0, 101, 10)
    return Scale(title, (0, 100), tuple((float(tick), f"{tick}") for tick in ticks), float)


def _of_ceilings(what: Quantity, lowest: float) -> Scale:
    low = next(limit for limit in LOWEST if limit <= lowest or limit == LOWEST[-1])
    ticks = [tick for tick in TICKS if tick >= low]
    labels = [*(f"{tick:g}" for tick in ticks[:-1]), f"≥ {ticks[-1]:g}"]
    return Scale(
        title=f"{what.title}* ({what.shown_unit}); the scale is logarithmic in what is lost",
        limits=(lost(low), lost(100)),
        ticks=tuple(zip(map(lost, ticks), labels, strict=True)),
        place=lost,
    )


def _of_costs(what: Quantity, shown: Sequence[float]) -> Scale:
    decades = range(math.floor(math.log10(min(shown))), math.ceil(math.log10(max(shown))) + 1)
    steps = [step * 10.0**decade for decade in decades for step in STEPS]
    low = max((step for step in steps if step <= min(shown)), default=steps[0])
    high = min((step for step in steps if step >= max(shown)), default=steps[-1])
    ticks = [step for step in steps if low <= step <= high]
    return Scale(
        title=f"{what.heading}; the scale is logarithmic",
        limits=(math.log10(low), math.log10(high) if high > low else math.log10(low) + 1),
        ticks=tuple((math.log10(tick), f"{tick:g}") for tick in ticks),
        place=math.log10,
    )


def _of_shares(what: Quantity, highest: float) -> Scale:
    """Shares that are neither good nor bad, from 0 up."""
    top = next((end for end in SHARES if end >= highest), SHARES[-1])
    ticks = [top * step / 5 for step in range(6)]
    return Scale(what.heading, (0, top), tuple((tick, f"{tick:g}") for tick in ticks), float)
