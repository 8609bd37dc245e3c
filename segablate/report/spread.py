"""What several samples say: a middle and an interval, with how many samples there were in words."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from segablate.evidence.ratio import interval_of_mean
from segablate.quantity import quantity
from segablate.report.data import Record
from segablate.report.words import counted, images

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """One variant under one metric, all outcomes together.

    Attributes:
        value: mean over several outcomes, else the median sample.
        interval: at `LEVEL`; None where one sample is all there is.
        n: how many of what.
        by: what `n` counts.
    """

    value: float
    interval: tuple[float, float] | None
    n: int
    by: str

    def told(self) -> str:
        """`n = 5 seeds`."""
        return f"n = {counted(self.n, self.by)}"


def spread(records: Sequence[Record], metric: str) -> Spread | None:
    """What the outcomes of one variant under one measure say of a metric; None where nothing was measured.

    Between several outcomes, one a seed, the interval is Student's. Within one it is of the median, from
    the order of its samples (Conover, Practical Nonparametric Statistics, 3rd ed., Sec. 3.2).
    """
    outcomes = {one.outcome.key: one.outcome for one in records if one.done and one.outcome}
    found = [
        [sample for sample in taken.samples if math.isfinite(sample)]
        for outcome in outcomes.values()
        for taken in outcome.measurements
        if taken.metric == metric
    ]
    found = [samples for samples in found if samples]
    if not found:
        return None
    if len(found) == 1:
        return Spread(statistics.median(found[0]), _of_median(found[0]), len(found[0]), "sample")
    values = [statistics.median(samples) for samples in found]
    return Spread(statistics.fmean(values), student(values), len(values), "seed")


def student(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Student's interval of the mean of at least two values."""
    middle, half = interval_of_mean(values, level)
    return middle - half, middle + half


def hover(records: Sequence[Record], metric: str) -> str:
    """A number with its interval and n, and what it is over: for whoever points at it."""
    found = spread(records, metric)
    if found is None:
        return ""
    what = quantity(metric)
    told = [f"{what.title} {what.shown(found.value, unit=True)}"]
    if found.interval:
        low, high = (what.shown(end) for end in found.interval)
        told.append(f"{LEVEL:.0%} interval [{low}, {high}]")
    told.append("one sample" if found.n == 1 else found.told())
    counts = {int(one.facts["images"]) for one in records if one.done and "images" in one.facts}
    return ", ".join([*told, *([images(counts)] if counts else [])])


def _of_median(samples: Sequence[float]) -> tuple[float, float] | None:
    order, below = sorted(samples), _left_out(len(samples))
    return (order[below], order[-1 - below]) if below >= 0 else None


@functools.cache
def _left_out(n: int, level: float = LEVEL) -> int:
    """How many of so many samples lie beyond each end; −1 where they are too few for an interval."""
    from scipy.stats import binom

    return int(binom.ppf((1 - level) / 2, n, 0.5)) - 1
