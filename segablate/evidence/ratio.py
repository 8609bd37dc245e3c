"""Ratios of times, and intervals of medians.

Times within one process are not independent: a clock that has dropped stays low for a while. So an interval
over repetitions tells how well *this* process knows its own median, and the spread between fresh processes
tells how well a number can be had again. Comparisons are made with the second wherever it is there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segablate.evidence.processes import between_processes

LEVEL = 0.95
DRAWS = 4000


@dataclass(frozen=True)
class Ratio:
    """One time over another.

    Attributes:
        value: variant / baseline.
        low: lower end of the interval at `level`.
        high: upper end of it.
        level: confidence of the interval.
        n: processes it rests on; with 1 it says nothing of the spread between processes.
    """

    value: float
    low: float
    high: float
    level: float
    n: int


def median_interval(samples: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Percentile bootstrap interval of the median.

    No sample is drawn again: the median of n numbers drawn with replacement is an order statistic of the
    sample, and its rank is that of the median of n uniform numbers, a Beta variable.

    Args:
        samples: at least one number.
        level: confidence.

    Returns:
        Its ends, in the unit of the samples. They are the same for the same samples.
    """
    low, high = np.quantile(_medians(np.sort(np.asarray(samples, float))), _tails(level))
    return float(low), float(high)


def half_width(samples: Sequence[float], level: float = LEVEL) -> float:
    """Half the width of `median_interval` over the median; infinite for fewer than two samples."""
    if len(samples) < 2:
        return math.inf
    low, high = median_interval(samples, level)
    return (high - low) / 2 / float(np.median(samples))


def ratio(
    variant: Sequence[Sequence[float]], baseline: Sequence[Sequence[float]], level: float = LEVEL
) -> Ratio:
    """How many times as long a variant takes as the baseline.

    From two processes on the medians of each process are set against each other, as verdicts do:
    `between_processes`. Within one process: bootstrap of both medians.

    Args:
        variant: samples of each process, above zero.
        baseline: likewise, in the same order of processes.
        level: confidence.

    Raises:
        ValueError: there are no samples, or not as many processes on both sides.
    """
    if not variant or len(variant) != len(baseline) or not all(map(len, (*variant, *baseline))):
        raise ValueError("both sides need samples of the same processes")
    if len(variant) == 1:
        return _within(np.asarray(variant[0], float), np.asarray(baseline[0], float), level)
    ours, theirs = (np.array([np.median(process) for process in side]) for side in (variant, baseline))
    interval = between_processes(theirs, ours)
    low, high = interval.interval(level)
    return Ratio(math.exp(interval.difference), math.exp(low), math.exp(high), level, interval.n)


def interval_of_mean(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Mean of independent numbers, and half the width of Student's interval; infinite for a single one."""
    n = len(values)
    middle = float(np.mean(values))
    if n < 2:
        return middle, math.inf
    from scipy.special import stdtrit

    quantile = float(stdtrit(n - 1, (1 + level) / 2))
    return middle, quantile * float(np.std(values, ddof=1)) / math.sqrt(n)


def interval_of_times(medians: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Interval of the typical median among processes: Student's, over logarithms, as times differ by factors.

    Args:
        medians: one of each process, above zero; at least two.
        level: confidence.
    """
    middle, half = interval_of_mean(np.log(medians).tolist(), level)
    return math.exp(middle - half), math.exp(middle + half)


def _within(variant: np.ndarray, baseline: np.ndarray, level: float) -> Ratio:
    drawn = _medians(np.sort(variant), seed=0) / _medians(np.sort(baseline), seed=1)
    low, high = np.quantile(drawn, _tails(level))
    return Ratio(float(np.median(variant) / np.median(baseline)), float(low), float(high), level, 1)


def _medians(ordered: np.ndarray, seed: int = 0) -> np.ndarray:
    """Medians of `DRAWS` bootstrap samples of sorted numbers."""
    n = len(ordered)
    rng = np.random.default_rng(seed)
    if n % 2:
        return np.asarray(ordered[_rank(rng.beta((n + 1) / 2, (n + 1) / 2, DRAWS), n)])
    # the two in the middle: the upper lies above the lower like the least of the n/2 that are left
    lower = rng.beta(n / 2, n / 2 + 1, DRAWS)
    upper = lower + (1 - lower) * rng.beta(1, n / 2, DRAWS)
    return np.asarray((ordered[_rank(lower, n)] + ordered[_rank(upper, n)]) / 2)


def _rank(uniform: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(np.minimum((uniform * n).astype(int), n - 1))


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2
