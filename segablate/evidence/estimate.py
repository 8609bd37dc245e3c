"""One difference with its error: an interval, and two questions it can be asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.pairs import Pairs
from segablate.evidence.tails import FEWEST_TO_RESAMPLE, ROUNDING, reach, studentised, tails
from segablate.evidence.verdict import Source

Numbers = NDArray[np.float64]
SEED = 20_220_406  # of every bootstrap: the same data give the same page


@dataclass(frozen=True)
class Estimate:
    """What the data say of one difference, before anybody asks whether it matters.

    Attributes:
        difference: variant − baseline; its logarithm if `ratio`.
        error: standard error of it; NaN where the data have none (one pair).
        freedom: degrees of freedom of the error.
        n: pairs, images or processes.
        source: what they are.
        ratio: whether `difference` is the logarithm of a ratio.
        resampled: studentised differences of resamples, sorted; None where Student's t stands alone.
    """

    difference: float
    error: float
    freedom: float
    n: int
    source: Source
    ratio: bool = False
    resampled: Numbers | None = field(default=None, repr=False, compare=False)

    @property
    def known(self) -> bool:
        """Whether there is an error to judge by."""
        return math.isfinite(self.error) and math.isfinite(self.difference)

    @property
    def spread(self) -> float:
        """Standard deviation of one pair."""
        return self.error * math.sqrt(self.n)

    def interval(self, level: float) -> tuple[float, float]:
        """Two-sided interval; NaN where there is no error."""
        if not self.known:
            return math.nan, math.nan
        if self.error == 0:
            return self.difference, self.difference
        resampled = None if self.resampled is None else self.resampled[None]
        low, high = (float(np.squeeze(end)) for end in reach(self.freedom, level, resampled))
        return self.difference - high * self.error, self.difference - low * self.error

    def p_none(self) -> float:
        """Two-sided p of "there is no difference"."""
        below, above = self.tails(0.0)
        return min(1.0, 2 * min(below, above))

    def p_matters(self, margin: float) -> float:
        """p of "the difference is outside ±margin": two one-sided tests (Schuirmann 1987)."""
        return max(self.tails(margin)[0], self.tails(-margin)[1])

    def turned(self, higher: bool, by: float = 0.0) -> Estimate:
        """The same with more for better, less `by`; `higher` says whether more is better already."""
        if higher:
            return replace(self, difference=self.difference - by)
        resampled = None if self.resampled is None else -self.resampled[::-1]
        return replace(self, difference=-self.difference - by, resampled=resampled)

    def tails(self, truth: float) -> tuple[float, float]:
        """Probability of an estimate this low, and of one this high, if that were the truth."""
        distance, error = np.array([self.difference - truth]), np.array([self.error])
        resampled = None if self.resampled is None else self.resampled[None]
        below, above = tails(distance, error, self.n, self.freedom, resampled)
        return float(below[0]), float(above[0])


def between_seeds(pairs: Pairs) -> Estimate:
    """The mean difference of pairs: Student's t, and from 8 pairs on the studentised bootstrap as well."""
    scale = float(np.abs([pairs.baseline, pairs.variant]).max(initial=0.0))
    return estimate(pairs.differences, "seeds", scale)


def estimate(differences: Numbers, source: Source, scale: float, *, ratio: bool = False) -> Estimate:
    """The mean of differences that were drawn independently of each other.

    Args:
        differences: shape (n,).
        source: what was drawn.
        scale: size of the numbers whose differences they are; spreads that vanish beside it are 0.
        ratio: whether they are differences of logarithms.
    """
    n = len(differences)
    if n < 2:
        return Estimate(float(differences.mean()) if n else math.nan, math.nan, 0, n, source, ratio)
    spread = float(differences.std(ddof=1))
    if spread <= ROUNDING * scale:
        return Estimate(float(differences.mean()), 0.0, n - 1, n, source, ratio)
    resampled = None
    if n >= FEWEST_TO_RESAMPLE:
        resampled = studentised(differences[None], np.random.default_rng(SEED))[0]
    error = spread / math.sqrt(n)
    return Estimate(float(differences.mean()), error, n - 1, n, source, ratio, resampled)
