"""How far out in its distribution a studentised difference lies.

          Student's t ────────────┐
                                  ├──► the larger of the two tails
    bootstrap of (d̄* − d̄) / s* ───┘    (where there is one)

The larger tail means the wider interval. Student's t is exact for normal differences, and holds back for
heavy tails; it promises too much where the differences themselves are skewed. The studentised bootstrap
(Efron & Tibshirani, An Introduction to the Bootstrap, 1993, Sec. 12.5) sees skew, and promises too much
for heavy tails. Both together keep their word in both: `reports/calibration` measures it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# with fewer pairs a resample holds too few different values to have a spread of its own
FEWEST_TO_RESAMPLE = 8
# the finest p is 2 / 40,001: a table of 1,000 comparisons can still be decided
RESAMPLES = 40_000
# differences that differ by less than this share of the numbers they are taken of do not differ
ROUNDING = 1e-12


def tails(
    distance: Numbers, error: Numbers, n: int, freedom: float, resampled: Numbers | None = None
) -> tuple[Numbers, Numbers]:
    """Probability of an estimate this low, and of one this high, if the truth were `distance` away.

    Where there is no spread at all a sign test takes over: n differences on one side have 2⁻ⁿ.

    Args:
        distance: estimate − supposed truth, shape (cases,).
        error: its standard error, shape (cases,).
        n: pairs behind each estimate.
        freedom: degrees of freedom of the error.
        resampled: studentised differences of resamples, each row sorted, shape (cases, resamples).

    Returns:
        Lower and upper tail, shape (cases,) each.
    """
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, distance / error, 0.0)
    below, above = np.asarray(stdtr(freedom, statistic)), np.asarray(stdtr(freedom, -statistic))
    if resampled is not None:
        low, high = _shares(resampled, statistic)
        below, above = np.maximum(below, low), np.maximum(above, high)
    alike = 0.5 ** min(n, 1000)
    below = np.where(error > 0, below, np.where(distance < 0, alike, 1.0))
    return below, np.where(error > 0, above, np.where(distance > 0, alike, 1.0))


def reach(
    freedom: float, level: float, resampled: Numbers | None = None
) -> tuple[Numbers | float, Numbers | float]:
    """The statistics between which an interval holds: both ends of what `tails` does not refuse.

    Args:
        freedom: degrees of freedom of the error.
        level: confidence of the interval.
        resampled: as in `tails`.

    Returns:
        The lower and the upper one, shape (cases,), or plain numbers without resamples.
    """
    from scipy.special import stdtrit

    tail = (1 - level) / 2
    end = float(stdtrit(freedom, 1 - tail))
    if resampled is None:
        return -end, end
    # a quantile of resamples is one of them, so that interval and tails say the same
    rank = max(int(tail * (resampled.shape[1] + 1)), 1)
    return np.minimum(-end, resampled[:, rank - 1]), np.maximum(end, resampled[:, -rank])


def studentised(differences: Numbers, rng: np.random.Generator, resamples: int = RESAMPLES) -> Numbers:
    """Studentised mean differences of resamples, about the mean difference itself, each row sorted.

    Args:
        differences: shape (cases, n); all cases are resampled by the same draws.
        rng: where the draws come from.
        resamples: how many.

    Returns:
        Shape (cases, resamples).
    """
    n = differences.shape[1]
    weights = weigh(n, resamples, rng)
    centred = differences - differences.mean(axis=1, keepdims=True)
    mean = centred @ weights.T / n
    square = (centred**2) @ weights.T / n
    variance = square - mean**2
    largest = np.abs(differences).max(axis=1, keepdims=True)
    spread = np.sqrt(np.maximum(variance, 0) / (n - 1))
    # squares are taken from each other: of equal ones not zero is left, but their rounding
    tiny = variance <= ROUNDING * np.maximum(square, (ROUNDING * largest) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(tiny, np.sign(mean) * np.inf, mean / spread)
    return np.sort(np.where(np.isnan(statistic), 0.0, statistic), axis=1)


def weigh(n: int, resamples: int, rng: np.random.Generator) -> Numbers:
    """How often each of n things is in each resample, shape (resamples, n)."""
    drawn = rng.integers(0, n, (resamples, n))
    drawn += np.arange(resamples)[:, None] * n
    return np.bincount(drawn.reshape(-1), minlength=resamples * n).reshape(resamples, n).astype(float)


def _shares(resampled: Numbers, statistic: Numbers) -> tuple[Numbers, Numbers]:
    """Shares of resamples not above, and not below, the statistic; never 0, for one more is always seen."""
    most = resampled.shape[1]
    at_most = (resampled <= statistic[:, None]).sum(axis=1)
    at_least = (resampled >= statistic[:, None]).sum(axis=1)
    return (at_most + 1) / (most + 1), (at_least + 1) / (most + 1)
