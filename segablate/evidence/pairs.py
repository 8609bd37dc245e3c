"""Which numbers may be compared with which: the same seed, the same image, never by position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Numbers of a baseline and a variant that belong together.

    Attributes:
        seeds: the seeds both have, ascending.
        baseline: numbers of the baseline, shape (seeds,).
        variant: numbers of the variant, shape (seeds,).
        only_baseline: seeds that only the baseline has a number for, ascending.
        only_variant: seeds that only the variant has a number for, ascending.
    """

    seeds: tuple[int, ...]
    baseline: Numbers
    variant: Numbers
    only_baseline: tuple[int, ...]
    only_variant: tuple[int, ...]

    @property
    def differences(self) -> Numbers:
        """Variant − baseline, shape (seeds,)."""
        return self.variant - self.baseline

    @property
    def whole(self) -> bool:
        """Whether every seed has its partner."""
        return not self.only_baseline and not self.only_variant


def pair(baseline: Mapping[int, float], variant: Mapping[int, float]) -> Pairs:
    """Pair two sets of numbers by seed; a number that is NaN or infinite counts as none.

    Args:
        baseline: seed → number.
        variant: seed → number.
    """
    ours, theirs = _finite(variant), _finite(baseline)
    seeds = sorted(ours.keys() & theirs.keys())
    return Pairs(
        tuple(seeds),
        np.array([theirs[seed] for seed in seeds], float),
        np.array([ours[seed] for seed in seeds], float),
        tuple(sorted(theirs.keys() - ours.keys())),
        tuple(sorted(ours.keys() - theirs.keys())),
    )


def _finite(numbers: Mapping[int, float]) -> dict[int, float]:
    return {seed: value for seed, value in numbers.items() if math.isfinite(value)}
