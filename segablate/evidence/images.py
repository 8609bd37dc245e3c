"""The same networks on other test images: a paired bootstrap of per-image confusion matrices.

    draws (resamples, images) ──×── right, true and predicted pixels a class (images, 3·C·models)
                                 └──► as many pixels of each resample ──► mIoU ──► differences, paired

A resample of images is a sum of their matrices, and mIoU needs three sums a class and not C², so that one
matrix product makes all resamples of all models. It tells how far a difference hangs on these images, and
nothing about training again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.estimate import SEED, Estimate
from segablate.evidence.tails import weigh

Numbers = NDArray[np.float64]
RESAMPLES = 2000
METRICS = ("miou", "pixel_accuracy")


@dataclass(frozen=True)
class Pixels:
    """Pixels a class of every image that one model has labelled.

    Attributes:
        names: the images, shape (images,).
        counts: right, true and predicted pixels, shape (images, 3, classes).
    """

    names: tuple[str, ...]
    counts: Numbers

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.counts.shape[2])

    @classmethod
    def of(cls, names: Sequence[str], confusions: NDArray[Any]) -> Pixels:
        """From matrices of shape (images, C, C), truth along the rows."""
        right = np.diagonal(confusions, axis1=1, axis2=2)
        counts = [right, confusions.sum(axis=2, dtype=np.int64), confusions.sum(axis=1, dtype=np.int64)]
        return cls(tuple(map(str, names)), np.stack(counts, axis=1).astype(float))

    def only(self, names: Sequence[str]) -> Pixels:
        """Of these images only, in their order."""
        at = {name: index for index, name in enumerate(self.names)}
        return Pixels(tuple(names), self.counts[[at[name] for name in names]])


def over_images(
    baseline: Pixels, variants: Sequence[Pixels], resamples: int = RESAMPLES
) -> list[dict[str, Estimate]]:
    """For each variant its differences to the baseline over the images that both have labelled.

    Args:
        baseline: of the baseline.
        variants: of each variant; those of the same images are drawn together.
        resamples: how many.

    Returns:
        Metric (`miou`, `pixel_accuracy`) → estimate, as many as variants.
    """
    shared = [tuple(name for name in baseline.names if name in set(pixels.names)) for pixels in variants]
    by_variant: list[dict[str, Estimate]] = [{} for _ in variants]
    for names in dict.fromkeys(shared):
        own = [at for at, those in enumerate(shared) if those == names]
        parts = [baseline.only(names), *(variants[at].only(names) for at in own)]
        for at, estimates in zip(own, _together(parts, resamples), strict=True):
            by_variant[at] = estimates
    return by_variant


def _together(parts: Sequence[Pixels], resamples: int) -> list[dict[str, Estimate]]:
    """The first against each of the others, all of the same images."""
    counts = np.stack([part.counts for part in parts], axis=1)
    n = len(counts)
    if n < 2:
        return [{metric: Estimate(math.nan, math.nan, 0, n, "images") for metric in METRICS}] * len(parts[1:])
    drawn = weigh(n, resamples, np.random.default_rng(SEED)) @ counts.reshape(n, -1)
    whole = counts.sum(axis=0)[None]
    once, without = scored(whole), scored(whole - counts)
    again = scored(drawn.reshape(resamples, *counts.shape[1:]))
    return [
        {metric: _estimate(once[metric], again[metric], without[metric], at) for metric in METRICS}
        for at in range(1, len(parts))
    ]


def scored(pixels: Numbers) -> Mapping[str, Numbers]:
    """mIoU over the classes that occur in the truth, and pixel accuracy.

    Args:
        pixels: right, true and predicted pixels a class, shape (sums, models, 3, classes).

    Returns:
        Metric → fractions, shape (sums, models).
    """
    right, true, predicted = (pixels[:, :, i] for i in range(3))
    occurs = true > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        iou = np.where(occurs, right / (true + predicted - right), 0.0)
        return {
            "miou": iou.sum(axis=2) / occurs.sum(axis=2),
            "pixel_accuracy": right.sum(axis=2) / true.sum(axis=2),
        }


def _estimate(once: Numbers, again: Numbers, without: Numbers, at: int) -> Estimate:
    n = len(without)
    differences = again[:, at] - again[:, 0]
    # the bootstrap's variance is that of n, not of n − 1 (Efron & Tibshirani 1993, Sec. 5.3)
    error = float(differences.std(ddof=1)) * math.sqrt(n / (n - 1))
    freedom = _freedom(without[:, at] - without[:, 0])
    return Estimate(float(once[0, at] - once[0, 0]), error, freedom, n, "images")


def _freedom(without: Numbers) -> float:
    """Degrees of freedom of the error: few where a few images make most of the difference.

    Satterthwaite's: a variance known from n values of kurtosis κ is as good as one from 2n / (κ − 1)
    normal ones. The values are what leaving out each image changes.

    Args:
        without: the difference without each image, shape (images,).
    """
    n, moved = len(without), without - without.mean()
    square = float((moved**2).mean())
    if square == 0:
        return n - 1
    kurtosis = float((moved**4).mean()) / square**2
    return min(n - 1, max(1.0, 2 * n / max(kurtosis - 1, 1e-9)))
