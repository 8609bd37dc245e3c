"""What several samples say: a middle and an interval, with how many samples there were."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from segablate.evidence.ratio import interval_of_mean

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """One variant under one metric, all outcomes together.

    Attributes:
        value: mean over several outcomes, else the median sample.
        interval: at `LEVEL`; None where one sample is all there is.
        n: how many of what.
        by: what `n` counts: seed or sample.
    """

    value: float
    interval: tuple[float, float] | None
    n: int
    by: str


def spread(outcomes: Iterable[Sequence[float]]) -> Spread | None:
    """What outcomes say, each with its samples; None where nothing was measured.

    Between several outcomes, one a seed, the interval is Student's. Within one it is of the median, from
    the order of its samples (Conover, Practical Nonparametric Statistics, 3rd ed., Sec. 3.2).
    """
    finite = [[sample for sample in samples if math.isfinite(sample)] for samples in outcomes]
    measured = [samples for samples in finite if samples]
    if not measured:
        return None
    if len(measured) == 1:
        samples = measured[0]
        return Spread(statistics.median(samples), _of_median(samples), len(samples), "sample")
    medians = [statistics.median(samples) for samples in measured]
    middle, half = interval_of_mean(medians, LEVEL)
    return Spread(statistics.fmean(medians), (middle - half, middle + half), len(medians), "seed")


def _of_median(samples: Sequence[float]) -> tuple[float, float] | None:
    order, below = sorted(samples), _left_out(len(samples))
    return (order[below], order[-1 - below]) if below >= 0 else None


@functools.cache
def _left_out(n: int) -> int:
    """How many of so many samples lie beyond each end; −1 where they are too few for an interval."""
    from scipy.special import bdtr  # scipy.stats has the quantile, and takes a second to import

    return int(np.searchsorted(bdtr(np.arange(n + 1), n, 0.5), (1 - LEVEL) / 2)) - 1
