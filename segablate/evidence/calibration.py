"""Do the verdicts keep their word? Made-up trainings whose truth is known, judged as real ones are.

Scores of a baseline and a variant are drawn n times, the difference judged, and this many times over. The
truth is that there is no difference, so that every "better" and "worse" is false; of claims it is the
difference at which they are just wrong, or just right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.claims import ONE_SIDED, p_confirmed, p_refuted
from segablate.evidence.decide import LEVEL
from segablate.evidence.images import Pixels, over_images, scored
from segablate.evidence.power import detectable
from segablate.evidence.tails import FEWEST_TO_RESAMPLE, reach, studentised, tails

Numbers: TypeAlias = NDArray[np.float64]
ComparingWord = Literal["beats", "is no worse than", "matches"]
Spread = Literal["normal", "heavy-tailed", "skewed", "one-skewed", "one-collapses"]
Scenes = Literal["alike", "rare-class", "one-fails"]
ALPHA = 1 - LEVEL
CLASSES = 6
MANY_IMAGES = 40_000  # whose difference is taken for the truth
CHUNK = 500


@dataclass(frozen=True)
class Shares:
    """How often the verdicts of one case came out.

    Attributes:
        false_verdicts: better or worse although there is no difference.
        coverage: intervals that hold the true difference.
        false_equivalents: equivalent although the difference is the margin; None where not asked.
        power: share of differences found that should be found 80 times in 100; None if not measured.
    """

    false_verdicts: float
    coverage: float
    false_equivalents: float | None = None
    power: float | None = None


def of_seeds(
    spread: Spread, n: int, *, correlation: float, simulations: int, resamples: int, seed: int
) -> Shares:
    """Verdicts from n seeds.

    Args:
        spread: how scores differ from seed to seed.
        n: seeds, at least 2.
        correlation: of a seed's two scores, 0 to below 1.
        simulations: how often it is done.
        resamples: of each bootstrap.
        seed: of everything drawn.
    """
    # every case is drawn by itself
    rng = np.random.default_rng([seed, n, round(1000 * correlation), *spread.encode()])
    counts = np.zeros(4)
    for start in range(0, simulations, CHUNK):
        size = min(CHUNK, simulations - start)
        drawn = _differences(spread, (size, n), correlation, rng)
        counts += _verdicts(drawn, std_of_difference(spread, correlation), resamples, rng)
    return Shares(*(float(count) / simulations for count in counts))


def _verdicts(drawn: Numbers, std: float, resamples: int, rng: np.random.Generator) -> Numbers:
    """Numbers of false verdicts, intervals that hold, false equivalents and differences told.

    Args:
        drawn: differences about 0, shape (simulations, n).
        deviation: the standard deviation they were drawn with.
        resamples: of the bootstrap.
        rng: where its draws come from.
    """
    n = drawn.shape[1]
    mean, error = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(n)
    resampled = studentised(drawn, rng, resamples) if n >= FEWEST_TO_RESAMPLE else None
    below, above = tails(mean, error, n, n - 1, resampled)
    low, high = reach(n - 1, LEVEL, resampled)
    holds = (mean - high * error <= 0) & (mean - low * error >= 0)
    # what can be told is also the margin, and the true difference of two further studies of the same spread
    least = detectable(n, std, ALPHA) or 0.0
    _, over = tails(mean + 2 * least, error, n, n - 1, resampled)
    _, p_values = tails(mean + least, error, n, n - 1, resampled)
    counted = (
        2 * np.minimum(below, above) <= ALPHA,
        holds,
        np.maximum(below, over) <= ALPHA,
        2 * p_values <= ALPHA,
    )
    return np.array([verdicts.sum() for verdicts in counted], float)


@dataclass(frozen=True)
class ClaimShares:
    """How often a study holds a false verdict on a claim.

    Attributes:
        false_confirmations: studies that confirm a claim whose difference is the least that makes it wrong.
        false_refutations: studies that refute one whose difference is the least that makes it right.
    """

    false_confirmations: float
    false_refutations: float


def of_claims(
    word: ComparingWord,
    claims: int,
    spread: Spread,
    n: int,
    *,
    correlation: float,
    simulations: int,
    resamples: int,
    seed: int,
) -> ClaimShares:
    """Verdicts on claims that all say the same of other variants beside one, from n seeds.

    Args:
        word: what is claimed.
        claims: how many a study makes.
        spread: how scores differ from seed to seed.
        n: seeds, at least 2.
        correlation: of a seed's scores, 0 to below 1.
        simulations: made-up studies.
        resamples: of each bootstrap.
        seed: of everything drawn.
    """
    rng = np.random.default_rng(
        [seed, claims, n, round(1000 * correlation), *word.encode(), *spread.encode()]
    )
    margin = 2 * (detectable(n, std_of_difference(spread, correlation), ALPHA) or 0.0)
    false = np.zeros(2)
    for start in range(0, simulations, CHUNK):
        size = min(CHUNK, simulations - start)
        shared = np.sqrt(correlation) * rng.normal(size=(1, size, n))
        own = np.sqrt(1 - correlation)
        second, _ = SPREADS[spread][0](rng, (size, n))
        firsts = np.stack([SPREADS[spread][0](rng, (size, n))[1] for _ in range(claims)])
        drawn = (shared + own * firsts) - (shared + own * second)
        false += _false_claims(word, drawn.reshape(-1, n), margin, resamples, rng, claims)
    return ClaimShares(*(float(count) / simulations for count in false))


def _false_claims(
    word: ComparingWord,
    drawn: Numbers,
    margin: float,
    resamples: int,
    rng: np.random.Generator,
    claims: int,
) -> Numbers:
    """Numbers of studies with a false confirmation, and with a false refutation.

    Args:
        word: what is claimed.
        drawn: differences about 0, shape (claims × studies, n).
        margin: of the claim.
        resamples: of the bootstrap.
        rng: where its draws come from.
        claims: of a study.
    """
    n = drawn.shape[1]
    mean, error = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(n)
    resampled = studentised(drawn, rng, resamples) if n >= FEWEST_TO_RESAMPLE else None
    wrong, right = BOUNDS[word]

    def at(truth: float) -> Callable[[float], tuple[Numbers, Numbers]]:
        return lambda supposed: tails(mean + truth - supposed, error, n, n - 1, resampled)

    p = p_confirmed(word, at(wrong * margin), margin), p_refuted(word, at(right * margin), margin)
    # of Holm's adjusted ones the smallest is the smallest times their number
    least = [claims * values.reshape(claims, -1).min(axis=0) for values in p]
    return np.array([(values <= ONE_SIDED).sum() for values in least], float)


# true difference in margins at which a claim is just wrong, and at which it is just right
BOUNDS: Mapping[ComparingWord, tuple[float, float]] = {
    "beats": (0.0, 1.0),
    "is no worse than": (-1.0, -1.0),
    "matches": (1.0, 1.0),
}


def _differences(
    spread: Spread, shape: tuple[int, int], correlation: float, rng: np.random.Generator
) -> Numbers:
    """Variant − baseline of scores that share a part a seed; its mean is 0."""
    shared = np.sqrt(correlation) * rng.normal(size=shape)
    own = np.sqrt(1 - correlation)
    baseline, variant = SPREADS[spread][0](rng, shape)
    difference: Numbers = (shared + own * variant) - (shared + own * baseline)
    return difference


def std_of_difference(spread: Spread, correlation: float) -> float:
    """Standard deviation of one difference."""
    return float(np.sqrt((1 - correlation) * SPREADS[spread][1]))


def _normal(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
    return rng.normal(size=shape), rng.normal(size=shape)


def _heavy_tailed(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
    return rng.standard_t(3, shape), rng.standard_t(3, shape)


def _skewed(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
    # as trainings are: most end near the best, some fall far behind
    return -rng.lognormal(0, 1, shape), -rng.lognormal(0, 1, shape)


def _variant_skewed(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
    return np.zeros(shape), 1 - rng.exponential(1, shape)


def _variant_collapses(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
    fallen = 5 * (rng.random(shape) < 0.1)
    return np.zeros(shape), rng.normal(size=shape) + 0.5 - fallen


# what draws a baseline's and a variant's scores, and the variance of their difference
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, int]], tuple[Numbers, Numbers]]
SPREADS: Mapping[Spread, tuple[Draw, float]] = {
    "normal": (_normal, 2.0),
    "heavy-tailed": (_heavy_tailed, 6.0),
    "skewed": (_skewed, 2 * (np.e - 1) * np.e),
    "one-skewed": (_variant_skewed, 1.0),
    "one-collapses": (_variant_collapses, 1 + 25 * 0.09),
}
# the two scores are drawn alike: whatever their distribution, their difference is symmetric about 0
ALIKE: tuple[Spread, ...] = ("normal", "heavy-tailed", "skewed")


def of_images(scenes: Scenes, n: int, *, simulations: int, resamples: int, seed: int) -> Shares:
    """Verdicts on mIoU from n test images; false are those whose interval misses the true difference.

    Args:
        scenes: what the images and the models are like.
        n: images, at least 2.
        simulations: how often it is done.
        resamples: of each bootstrap.
        seed: of everything drawn.
    """
    rng = np.random.default_rng([seed, n, *scenes.encode()])
    many = np.stack(_models(scenes, MANY_IMAGES, rng), axis=1).sum(axis=0)
    sums = scored(many[None])["miou"][0]
    truth = float(sums[1] - sums[0]) if scenes == "one-fails" else 0.0
    hold = 0
    names = tuple(map(str, range(n)))
    for _ in range(simulations):
        baseline, variant = (Pixels(names, counts) for counts in _models(scenes, n, rng))
        low, high = over_images(baseline, [variant], resamples)[0]["miou"].interval(LEVEL)
        hold += low <= truth <= high
    return Shares(1 - hold / simulations, hold / simulations)


def _models(scenes: Scenes, n: int, rng: np.random.Generator) -> list[Numbers]:
    """Right, true and predicted pixels of two models, shape (images, 3, classes) each."""
    true = rng.lognormal(7, 1, (n, CLASSES))
    if scenes == "rare-class":
        true[:, -1] *= rng.random(n) < 0.1
    hard = rng.normal(size=(n, CLASSES))  # what is hard in an image is hard for both
    fails = (rng.random(n) < 0.05) & (scenes == "one-fails")
    made = []
    for failing in (np.zeros(n, bool), fails):
        share = 1 / (1 + np.exp(-(1.5 + hard + 0.5 * rng.normal(size=(n, CLASSES)) - 3 * failing[:, None])))
        right = true * share
        # what is missed is taken for the next class
        predicted = right + np.roll(true - right, 1, axis=1)
        made.append(np.stack([right, true, predicted], axis=1))
    return made


SPREAD_NAMES: tuple[str, ...] = get_args(Spread)
SCENES: tuple[str, ...] = get_args(Scenes)
