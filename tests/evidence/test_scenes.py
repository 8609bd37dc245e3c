"""Second opinions on seeds and scenes: both drawn by hand, and how often intervals hold a known truth."""

import math

import numpy as np
import pytest

from segablate.evidence.images import Pixels
from segablate.evidence.scenes import over_scenes
from segablate.labels.confusion import scores


def networks(seeds, blocks, offset, rng, by_seed=0.02, by_block=0.05):
    """Matrices of two classes: one network's share of right pixels differs by seed and by block."""
    share = 0.8 + offset + by_seed * rng.normal(size=(seeds, 1)) + by_block * rng.normal(size=(1, blocks))
    share = np.clip(share + 0.01 * rng.normal(size=(seeds, blocks)), 0.05, 0.95)
    right = np.round(1000 * share).astype(np.int64)
    return np.stack([np.stack([right, 1000 - right], -1), np.stack([1000 - right, right], -1)], -2)


def pixels(matrices):
    names = [f"b{at}" for at in range(matrices.shape[1])]
    return [Pixels.of(names, one) for one in matrices]


def test_the_variance_is_that_of_drawing_seeds_and_blocks_by_hand():
    rng = np.random.default_rng(0)
    first, second = (networks(5, 20, offset, rng) for offset in (0.02, 0.0))
    found = over_scenes(pixels(first), pixels(second))["miou"]
    drawn, by_block = [], []
    each = [scores(a.sum(0)).miou - scores(b.sum(0)).miou for a, b in zip(first, second, strict=True)]
    for _ in range(1500):
        at, who = rng.integers(0, 20, 20), rng.integers(0, 5, 5)
        own = [
            scores(a[at].sum(0)).miou - scores(b[at].sum(0)).miou for a, b in zip(first, second, strict=True)
        ]
        drawn.append(np.mean([own[seed] for seed in who]))
        by_block.append(np.mean(own))
    alone = np.var(by_block) * 20 / 19
    whole = np.var(drawn) + np.var(each, ddof=1) / 25 + alone / 20
    assert found.both.error == pytest.approx(math.sqrt(whole), rel=0.07)
    assert found.blocks_only.error == pytest.approx(math.sqrt(alone), rel=0.07)
    assert found.both.difference == pytest.approx(np.mean(each))
    assert (found.both.freedom, found.blocks_only.freedom, found.blocks) == (4, 19, 20)


def test_freedom_is_that_of_the_fewer():
    rng = np.random.default_rng(0)
    found = over_scenes(pixels(networks(9, 4, 0, rng)), pixels(networks(9, 4, 0, rng)))["miou"]
    assert found.both.freedom == 3


@pytest.mark.parametrize(("by_seed", "by_block"), [(0.03, 0.0), (0.0, 0.03), (0.02, 0.02)])
def test_the_interval_holds_the_truth_whatever_differs(by_seed, by_block):
    rng, hold, times = np.random.default_rng(1), 0, 300
    for _ in range(times):
        made = [networks(4, 12, 0, rng, by_seed, by_block) for _ in range(2)]
        low, high = over_scenes(*map(pixels, made), 300)["miou"].both.interval(0.95)
        hold += low <= 0 <= high
    assert hold / times >= 0.93


def test_resamples_that_lack_a_class_are_drawn_again_and_counted():
    rng = np.random.default_rng(0)
    first, second = networks(3, 10, 0.05, rng), networks(3, 10, 0, rng)
    for side in (first, second):
        side[:, 1:, 1] = 0  # one block only has the second class
    found = over_scenes(pixels(first), pixels(second), 1000)["miou"]
    lacking = (9 / 10) ** 10
    assert found.redrawn / (1000 + found.redrawn) == pytest.approx(lacking, abs=0.05)
    assert found.both.known


def test_one_seed_or_one_block_tells_nothing_of_others():
    rng = np.random.default_rng(0)
    for seeds, blocks in ((1, 9), (3, 1)):
        assert not over_scenes(
            pixels(networks(seeds, blocks, 0, rng)), pixels(networks(seeds, blocks, 0, rng))
        )


def test_only_blocks_that_all_have_are_compared():
    rng = np.random.default_rng(0)
    first, second = pixels(networks(3, 10, 0, rng)), pixels(networks(3, 10, 0, rng))
    first[0] = first[0].only(first[0].names[:8])
    assert over_scenes(first, second)["miou"].blocks == 8
