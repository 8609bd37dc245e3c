"""How a time grows with the size of its input: exponents between neighbours, and whether one fits all.

    local exponent between x and y:  log(t(y) / t(x)) / log(y / x)        of each process, with its interval
    one exponent:                    slope of all logarithms by least squares, likewise

A straight line can be laid through any points, and over many processes its slope is known well although the
points are not on it. So an exponent is one of all points only where every local one agrees with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.ratio import LEVEL, interval_of_mean
from segablate.evidence.tails import ROUNDING


@dataclass(frozen=True)
class Exponent:
    """An exponent and where it holds.

    Attributes:
        value: mean over processes.
        half: half of its interval at 95 %; infinite with one process.
        low: least amount of the range.
        high: largest amount of it.
    """

    value: float
    half: float
    low: float
    high: float


@dataclass(frozen=True)
class Scaling:
    """How times grow with an amount.

    Attributes:
        overall: exponent of all points together.
        local: exponents between neighbours, by amount.
        residual: largest factor by which a point is off the line of the overall exponent, less 1.
        fits: whether every local exponent agrees with the overall one; None with one process.
    """

    overall: Exponent
    local: tuple[Exponent, ...]
    residual: float
    fits: bool | None


def scaling(amounts: Sequence[float], times: Sequence[Sequence[float]]) -> Scaling:
    """How times grow with an amount.

    Args:
        amounts: at least two different ones above zero, in rising order; between equal ones is no exponent.
        times: of each process one time above zero for each amount.
    """
    x, y = np.log(np.asarray(amounts, float)), np.log(np.asarray(times, float))
    lines = [np.polyfit(x, own, 1) for own in y]
    slopes = [float(line[0]) for line in lines]
    ends = (float(amounts[0]), float(amounts[-1]))
    overall = Exponent(*interval_of_mean(slopes), *ends)
    off = (y - np.array([np.polyval(line, x) for line in lines])).mean(0)
    pairs = [(before, at) for before, at in itertools.pairwise(range(len(x))) if x[at] != x[before]]
    steps = [(y[:, at] - y[:, before]) / (x[at] - x[before]) for before, at in pairs]
    local = tuple(
        Exponent(*interval_of_mean(own.tolist()), float(amounts[before]), float(amounts[at]))
        for own, (before, at) in zip(steps, pairs, strict=True)
    )
    residual = math.expm1(float(np.abs(off).max()))
    return Scaling(overall, local, residual, _fits(steps, slopes))


def _fits(steps: Sequence[NDArray[np.float64]], slopes: Sequence[float]) -> bool | None:
    """Whether no step is told from the whole, process by process; corrected for the number of steps."""
    if len(slopes) < 2:
        return None
    level = 1 - (1 - LEVEL) / len(steps)
    apart = [interval_of_mean((own - np.array(slopes)).tolist(), level) for own in steps]
    return all(abs(middle) <= max(half, ROUNDING) for middle, half in apart)
