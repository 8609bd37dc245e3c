"""What n could have told, and what n would tell: power of the paired t test and of two one-sided tests.

For normal differences whose spread is the observed one. Both are answers about the next experiment, not
about this one: the power at the observed difference says nothing that its p has not said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from segablate.evidence.claim import Word
from segablate.evidence.tails import FEWEST_TO_RESAMPLE

POWER = 0.8
SMALL = 20  # up to here one more pair need not be better: the bootstrap joins at 8
MOST = 1000  # seeds: more than anybody trains
QUANTILES = 4096


def detectable(n: int, spread: float, alpha: float, freedom: float | None = None) -> float | None:
    """Smallest true difference that n pairs tell from none with power 80 %; None below 2 pairs.

    Args:
        n: pairs.
        spread: standard deviation of one pair.
        alpha: level of the test.
        freedom: degrees of freedom of the error; n − 1 if not given.
    """
    from scipy.optimize import brentq

    if n < 2 or not math.isfinite(spread):
        return None
    if spread == 0:
        # nothing but the sign test is left, which n pairs may be too few for
        return 0.0 if 2 * 0.5**n <= alpha else None
    high = 1.0
    while power_of_difference(high, n, alpha, freedom) < POWER:
        high *= 2

    def lacking(effect: float) -> float:
        return power_of_difference(effect, n, alpha, freedom) - POWER

    return spread * float(brentq(lacking, 0, high))


def needed(difference: float, spread: float, margin: float, alpha: float, n: int) -> int | None:
    """Smallest number of pairs above n that decides with power 80 %, should difference and spread stay.

    Decided is "better" or "worse" as much as "equivalent", whichever comes first.

    Returns:
        None where even 1,000 pairs would not.
    """
    if not (math.isfinite(difference) and math.isfinite(spread)):
        return None

    def enough(pairs: int) -> bool:
        if spread == 0:
            alike = 0.5**pairs
            return (difference != 0 and 2 * alike <= alpha) or (abs(difference) < margin and alike <= alpha)
        power = power_of_difference(abs(difference) / spread, pairs, alpha)
        return max(power, power_of_equivalence(difference / spread, margin / spread, pairs, alpha)) >= POWER

    return _first(enough, max(n + 1, 2))


def power_of_difference(effect: float, n: int, alpha: float, freedom: float | None = None) -> float:
    """Chance that a two-sided paired t test tells a difference from none.

    Args:
        effect: true difference in standard deviations of one pair.
        n: pairs.
        alpha: level of the test.
        freedom: degrees of freedom of the error; n − 1 if not given.
    """
    from scipy.special import stdtrit

    freedom = n - 1 if freedom is None else freedom
    reach, shift = float(stdtrit(freedom, 1 - alpha / 2)), effect * _root(n, alpha)
    return 1 - _below(reach, freedom, shift) + _below(-reach, freedom, shift)


def power_of_equivalence(effect: float, margin: float, n: int, alpha: float) -> float:
    """Chance that two one-sided tests find a difference inside ±margin, from below (Bonferroni)."""
    from scipy.special import stdtrit

    reach, root = float(stdtrit(n - 1, 1 - alpha)), _root(n, alpha)
    over = 1 - _below(reach, n - 1, (effect + margin) * root)
    under = _below(-reach, n - 1, (effect - margin) * root)
    return max(0.0, over + under - 1)


def power_of_claim(word: Word, effect: float, margin: float, n: int, alpha: float) -> float:
    """Chance that a claim is confirmed or refuted, whichever is likelier.

    Args:
        word: what is claimed.
        effect: true difference in standard deviations of one pair, more for better.
        margin: likewise.
        n: pairs.
        alpha: level of each one-sided test.
    """
    if word == "matches":
        confirmed = power_of_equivalence(effect, margin, n, alpha) if margin > 0 else 0.0
        return max(confirmed, _above(abs(effect) - margin, n, alpha))
    if word == "beats":
        return max(_above(effect, n, alpha), _above(margin - effect, n, alpha))
    return _above(abs(effect + margin), n, alpha)


def seeds_for_claim(
    word: Word, difference: float, margin: float, spread: float, alpha: float, least: int
) -> int | None:
    """Smallest number of pairs from `least` on that decides a claim with power 80 %; None for over 1,000.

    Args:
        word: what is claimed.
        difference: true difference, more for better.
        margin: largest difference that does not matter.
        spread: standard deviation of one pair.
        alpha: level of each one-sided test.
        least: pairs.
    """
    if not (math.isfinite(difference) and math.isfinite(spread)):
        return None

    def enough(pairs: int) -> bool:
        if spread == 0:
            # nothing but the sign test is left
            return _off_the_bounds(word, difference, margin) and 0.5**pairs <= alpha
        return power_of_claim(word, difference / spread, margin / spread, pairs, alpha) >= POWER

    return _first(enough, max(least, 2))


def spread_between(spread: float, freedom: float, share: float = 0.8) -> tuple[float, float]:
    """Interval of a standard deviation that was estimated with so many degrees of freedom (χ²)."""
    from scipy.special import chdtri

    tail = (1 - share) / 2
    low, high = (math.sqrt(freedom / float(chdtri(freedom, at))) for at in (tail, 1 - tail))
    return spread * low, spread * high


def _off_the_bounds(word: Word, difference: float, margin: float) -> bool:
    if word == "matches":
        return abs(difference) != margin
    return difference != -margin if word == "is no worse than" else difference not in (0.0, margin)


def pooled_spread(groups: Sequence[Sequence[float]], *, ratio: bool) -> tuple[float, float] | None:
    """Standard deviation of a difference of two numbers, from groups that only chance tells apart within.

    Args:
        groups: numbers; those of fewer than two say nothing.
        ratio: whether logarithms are compared.

    Returns:
        It and its degrees of freedom; None where nothing is known. What pairs have in common is not
        taken off, so that it is rather too much.
    """
    samples = [np.log(group) if ratio else np.asarray(group, float) for group in groups if len(group) > 1]
    if not samples:
        return None
    freedom = sum(len(group) - 1 for group in samples)
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in samples)
    return math.sqrt(2 * squares / freedom), freedom


def _above(effect: float, n: int, alpha: float) -> float:
    """Chance that a one-sided paired t test finds a difference above 0."""
    from scipy.special import stdtrit

    # the root is fitted to two-sided tests
    return 1 - _below(float(stdtrit(n - 1, 1 - alpha)), n - 1, effect * _root(n, 2 * alpha))


def _root(n: int, alpha: float) -> float:
    """√n, less what the wider interval of t and bootstrap together takes: `reports/calibration`.

    It takes the more the further out a correction asks the bootstrap; that share is fitted to simulations of
    normal differences, n = 8 to 30 and alpha = 5 % to 0.05 %.
    """
    if n < FEWEST_TO_RESAMPLE:
        return math.sqrt(n)
    wider = 1 + math.pow(0.05 / alpha, 0.15 + 2.5 / n) / n
    return math.sqrt(n) / wider


def _below(statistic: float, freedom: float, shift: float) -> float:
    """Noncentral t at `statistic`; where the routine gives up, the mean over the spread's quantiles."""
    from scipy.special import gammaincinv, nctdtr, ndtr

    # its mirror image, because the routine is for shifts that are not negative
    if shift < 0:
        return 1 - _below(-statistic, freedom, -shift)
    p = float(nctdtr(freedom, shift, statistic))
    if math.isnan(p):
        quantiles = (np.arange(QUANTILES) + 0.5) / QUANTILES
        spread = np.sqrt(2 * gammaincinv(freedom / 2, quantiles) / freedom)
        return float(ndtr(statistic * spread - shift).mean())
    return p


def _first(enough: Callable[[int], bool], low: int) -> int | None:
    """The first number from `low` on that is enough, where all after it are enough as well."""
    if low > MOST or not enough(MOST):
        return None
    for pairs in range(low, SMALL):
        if enough(pairs):
            return pairs
    low, high = max(low, SMALL), MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
