"""All random numbers of training, a pure function of a seed and a number: nothing to save, nothing to replay.

Every draw names what it is for, so that no two draws share their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segablate.training.recipes.base import Recipe

# what a draw is for
ORDER, AUGMENT, WINDOW, VIEW = range(4)


def generator(*key: int) -> np.random.Generator:
    """A generator that depends on the key only, on any machine."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def order(seed: int, iteration: int, batch: int, count: int) -> NDArray[np.int64]:
    """Which of `count` things make up a batch: each once before any comes again.

    Args:
        seed: of the run.
        iteration: number of the batch.
        batch: things a batch.
        count: things there are.
    """
    places = iteration * batch + np.arange(batch)
    rounds = {int(r): generator(ORDER, seed, int(r)).permutation(count) for r in np.unique(places // count)}
    return np.array([rounds[int(place // count)][place % count] for place in places])


@dataclass(frozen=True)
class Draw:
    """How some images are augmented, one entry an image.

    Attributes:
        scale: factor on the image's size.
        row: where the crop lies between the top (0) and the bottom (1).
        column: where it lies between left (0) and right (1).
        mirrored: left and right are swapped.
        brightness: factor on the colours.
        contrast: factor on their distance from the image's mean grey.
        saturation: factor on their distance from grey.
    """

    scale: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]
    saturation: NDArray[np.float64]


def draw(recipe: Recipe, count: int, *key: int) -> Draw:
    """Augmentation of `count` images: a function of the recipe and the key."""
    rng = generator(*key)
    low, high = recipe.scale
    scale = rng.uniform(low, high, count)
    if recipe.scale_step:
        steps = np.floor((high - low) / recipe.scale_step + 1e-9) + 1
        scale = low + np.floor(rng.random(count) * steps) * recipe.scale_step
    row, column, side = rng.random((3, count))
    factors = rng.uniform(max(0.0, 1 - recipe.jitter), 1 + recipe.jitter, (3, count))
    return Draw(scale, row, column, (side < 0.5) & recipe.flip, *factors)


def plain(count: int) -> Draw:
    """No augmentation: the middle of the image as it is."""
    ones, half = np.ones(count), np.full(count, 0.5)
    return Draw(ones, half, half, np.zeros(count, np.bool_), ones, ones, ones)
