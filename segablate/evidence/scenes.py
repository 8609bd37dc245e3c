"""Other seeds and other scenes at once: how far a difference hangs on the test images as well.

    counts (seeds, blocks, 3, C) ── draw blocks again ──► mIoU of each seed ── draw seeds again ──► mean

Both are drawn, each by itself, and every variant gets the same draws: the pigeonhole bootstrap (Owen, The
pigeonhole bootstrap, Annals of Applied Statistics 1, 2007). Its variance is never too small in the long run,
whatever seeds and scenes have in common. A block is what is alike: an image, or frames of one video.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.estimate import SEED, Estimate
from segablate.evidence.images import METRICS, RESAMPLES, Numbers, Pixels, scored
from segablate.evidence.tails import weigh

FEWEST_BLOCKS = 8
# resamples that lack a class are drawn again, but not for ever: a class may be in one block of a thousand
MOST_ROUNDS = 200


@dataclass(frozen=True)
class Scenes:
    """One difference on other seeds and other scenes.

    Attributes:
        both: seeds and blocks drawn again.
        blocks_only: blocks drawn again, the seeds as they are: what ever more seeds would come to.
        blocks: how many there are.
        redrawn: resamples that were drawn again because they lacked a class.
    """

    both: Estimate
    blocks_only: Estimate
    blocks: int
    redrawn: int


def over_scenes(
    first: Sequence[Pixels], second: Sequence[Pixels], resamples: int = RESAMPLES
) -> Mapping[str, Scenes]:
    """First − second over the blocks that all have.

    Args:
        first: matrices by block, one a seed.
        second: likewise, of the same seeds in the same order.
        resamples: how many.

    Returns:
        Metric (`miou`, `pixel_accuracy`) → what is known; empty for fewer than two seeds or two blocks, or
        where hardly any resample has all classes.

    Raises:
        ValueError: there are not as many seeds on both sides.
    """
    if len(first) != len(second):
        raise ValueError("both sides need the same seeds")
    parts = [*first, *second]
    shared = [name for name in parts[0].names if all(name in part.names for part in parts)] if parts else []
    seeds, blocks = len(first), len(shared)
    if seeds < 2 or blocks < 2 or len({part.classes for part in parts}) > 1:
        return {}
    counts = np.stack([part.only(shared).counts for part in parts], axis=1)
    rng = np.random.default_rng(SEED)
    of_blocks, redrawn = _whole(counts, resamples, rng)
    if len(of_blocks) < 2:
        return {}
    of_seeds = weigh(seeds, len(of_blocks), rng) / seeds
    again = scored((of_blocks @ counts.reshape(blocks, -1)).reshape(-1, *counts.shape[1:]))
    once = scored(counts.sum(axis=0)[None])
    estimates = {}
    for metric in METRICS:
        drawn = again[metric][:, :seeds] - again[metric][:, seeds:]
        each = once[metric][0, :seeds] - once[metric][0, seeds:]
        # a bootstrap of n has (n − 1) / n of the variance (Efron & Tibshirani 1993, Sec. 5.3), of seeds and
        # of blocks: what is missing is added
        by_seed = float(each.var(ddof=1)) / seeds
        by_block = float(drawn.mean(axis=1).var(ddof=1)) * blocks / (blocks - 1)
        both = float((drawn * of_seeds).sum(axis=1).var(ddof=1)) + by_seed / seeds + by_block / blocks
        least, difference = min(seeds, blocks), float(each.mean())
        estimates[metric] = Scenes(
            Estimate(difference, math.sqrt(both), least - 1, least, "scenes"),
            Estimate(difference, math.sqrt(by_block), blocks - 1, blocks, "scenes"),
            blocks,
            redrawn,
        )
    return estimates


def _whole(counts: Numbers, resamples: int, rng: np.random.Generator) -> tuple[Numbers, int]:
    """How often each block is in each resample, of those that have every class of the whole; and how many
    had not. Fewer resamples come back where hardly any has them all."""
    true = counts[:, 0, 1]
    occurs = np.asarray(true[:, true.any(axis=0)] > 0)
    complete: list[Numbers] = []
    there = redrawn = 0
    for _ in range(MOST_ROUNDS):
        drawn = weigh(len(counts), resamples, rng)
        whole: NDArray[np.bool_] = np.all((drawn > 0) @ occurs, axis=1)
        wanted = drawn[whole][: resamples - there]
        complete.append(wanted)
        # those behind the last that is wanted were not asked for
        last = int(np.flatnonzero(whole)[len(wanted) - 1]) + 1 if there + len(wanted) == resamples else None
        redrawn += int((~whole[:last]).sum())
        there += len(wanted)
        if there == resamples:
            break
    return np.concatenate(complete), redrawn
