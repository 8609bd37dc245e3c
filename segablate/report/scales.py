"""Vertical axes: scores by what is lost, costs by their order of magnitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Figure

# the axis ends where 0.01 points are lost: closer to 100 % two decimals tell nothing
LEAST_LOST = 0.01
TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99)
LOWEST = (90, 80, 50, 0)
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Scale:
    """A vertical axis.

    Attributes:
        title: what is written above it.
        limits: heights of its ends.
        ticks: heights and labels.
        scores: whether what is drawn are percentages.
    """

    title: str
    limits: tuple[float, float]
    ticks: tuple[tuple[float, str], ...]
    scores: bool

    def height(self, shown: float) -> float:
        """Where a shown value is drawn."""
        return lost(shown) if self.scores else math.log10(shown)


def scale(figure: Figure) -> Scale:
    """The axis of a figure."""
    what = quantity(figure.metric)
    shown = [value * what.scale for curve in figure.curves for value in curve.y]
    return (
        _of_scores(figure.heading or f"{what.title}* ({what.shown_unit})", min(shown))
        if what.shown_unit == "%"
        else _of_costs(what, shown)
    )


def lost(shown: float) -> float:
    """Where a percentage is drawn: minus the logarithm of the points that are lost."""
    return -math.log10(max(LEAST_LOST, 100 - shown))


def _of_scores(title: str, lowest: float) -> Scale:
    low = next(limit for limit in LOWEST if limit <= lowest or limit == LOWEST[-1])
    ticks = [tick for tick in TICKS if tick >= low]
    labels = [*(f"{tick:g}" for tick in ticks[:-1]), f"≥ {ticks[-1]:g}"]
    return Scale(
        title=f"{title}; the scale is logarithmic in what is lost",
        limits=(lost(low), lost(100)),
        ticks=tuple(zip(map(lost, ticks), labels, strict=True)),
        scores=True,
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
        scores=False,
    )
