"""What each component earns in a full grid: by itself, on average, and once another is there.

    y[cell, seed] = cell + seed + error        ordinary least squares, the seed being the block

The grid is whole and every cell has the same seeds, so that the least-squares estimates are means, and an
effect is a contrast of them. One error serves all effects: what cells and seeds do not explain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.estimate import Estimate
from segablate.evidence.tails import ROUNDING

Numbers = NDArray[np.float64]
Situation = Literal["alone", "average", "with", "interaction"]


@dataclass(frozen=True)
class Effect:
    """What is asked of a grid.

    Attributes:
        situation: `alone` (all others at the baseline), `average` (over all others), `with` (`other` is
            there, the rest at the baseline), `interaction` (how much more `choice` earns with `other` than
            without, on average over the rest).
        axis: index of the axis.
        choice: index of the choice on it, 1 or more.
        other: axis and choice that it is asked with; None where there is none.
    """

    situation: Situation
    axis: int
    choice: int
    other: tuple[int, int] | None = None


def effects(values: NDArray[np.float64]) -> dict[Effect, Estimate]:
    """All effects of a whole grid of two axes or more; none where there are fewer than two seeds.

    Args:
        values: shape (choices of axis 0, choices of axis 1, …, seeds); choice 0 is the baseline's.
    """
    *shape, seeds = values.shape
    if len(shape) < 2 or seeds < 2:
        return {}
    cells = values.reshape(-1, seeds)
    means = cells.mean(axis=1)
    left = cells - means[:, None] - cells.mean(axis=0) + cells.mean()
    freedom = (len(cells) - 1) * (seeds - 1)
    variance = float((left**2).sum()) / freedom
    if math.sqrt(variance) <= ROUNDING * float(np.abs(values).max()):
        variance = 0.0
    estimates = {}
    for effect in effects_of(shape):
        weights = contrast(effect, shape).reshape(-1)
        error = math.sqrt(variance * float(weights @ weights) / seeds)
        estimates[effect] = Estimate(float(weights @ means), error, freedom, seeds, "seeds")
    return estimates


def effects_of(shape: Sequence[int]) -> list[Effect]:
    """Every effect of a grid of that shape."""
    own = [(axis, choice) for axis, size in enumerate(shape) for choice in range(1, size)]
    listed = [Effect(situation, *first) for first in own for situation in SINGLE]
    for first, second in combinations(own, 2):
        if first[0] != second[0]:
            listed += [
                Effect("with", *first, second),
                Effect("with", *second, first),
                Effect("interaction", *first, second),
            ]
    return listed


def contrast(effect: Effect, shape: Sequence[int]) -> Numbers:
    """Weights of the cells' means, of the grid's shape; they add up to 0."""
    contrasts = {effect.axis: _difference(shape[effect.axis], effect.choice)}
    if effect.other is not None:
        axis, choice = effect.other
        interaction = effect.situation == "interaction"
        contrasts[axis] = _difference(shape[axis], choice) if interaction else _single(shape[axis], choice)
    rest = _even if effect.situation in ("average", "interaction") else _first
    weights: Numbers = np.ones(())
    for axis, size in enumerate(shape):
        weights = np.asarray(np.multiply.outer(weights, contrasts.get(axis, rest(size))))
    return np.asarray(weights)


def whole_grid(
    cells: Mapping[tuple[int, ...], Mapping[int, float]],
) -> tuple[Numbers, tuple[int, ...]] | None:
    """The cells as one array with the seeds that all have, or None if one is missing or no seed is shared.

    Args:
        cells: index of the choice on each axis → seed → number.
    """
    shape = tuple(max(at) + 1 for at in zip(*cells, strict=True))
    if set(cells) != set(product(*map(range, shape))):
        return None
    finite = [{seed for seed, value in scores.items() if math.isfinite(value)} for scores in cells.values()]
    seeds = tuple(sorted(set.intersection(*finite)))
    if not seeds:
        return None
    values = [[cells[at][seed] for seed in seeds] for at in product(*map(range, shape))]
    return np.array(values, float).reshape(*shape, len(seeds)), seeds


def _difference(size: int, choice: int) -> Numbers:
    return _single(size, choice) - _first(size)


def _first(size: int) -> Numbers:
    return _single(size, 0)


def _single(size: int, choice: int) -> Numbers:
    return np.asarray(np.arange(size) == choice, float)


def _even(size: int) -> Numbers:
    return np.full(size, 1 / size)


SINGLE: tuple[Situation, ...] = ("alone", "average")
