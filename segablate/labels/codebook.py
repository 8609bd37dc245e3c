"""A codebook: a cell is stored as the number of one of 2^b label patches, which k-means finds.

    sample of patches ──share of each class in parts of a patch──► k-means ──► majority of each cluster

A patch is stored as the word that has most of its pixels right. That is what mask tokenisers do with more
than labels: van den Oord et al., VQ-VAE, 2017, arXiv:1711.00937.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segablate.labels.codes import Numbers, Sample
from segablate.labels.patches import Labels, Patches, occurring, paste, raster

# clusters are of class counts in so many parts of a patch along a side, projected onto so many directions
PARTS = 8
DIRECTIONS = 64
BATCH = 4096
POWER_ITERATIONS = 2
EPOCHS = 5
ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class Codebook:
    """A code of one number a cell.

    Attributes:
        stride: side of a patch.
        classes: number of classes C.
        words: label patches, shape (words, stride²), pixels in kept order.
        most: how many words there could be.
    """

    stride: int
    classes: int
    words: Labels
    most: int

    @property
    def levels(self) -> tuple[int, ...]:
        """See `Code`."""
        return (self.most,)

    def encode(self, patches: Patches) -> Numbers:
        """See `Code`."""
        numbers = self._pure[np.minimum(patches.first, self.classes)]
        numbers[patches.mixed] = self._closest(patches.flat)
        return numbers[..., None]

    def decode(self, numbers: Numbers) -> Labels:
        """See `Code`."""
        rows, columns = numbers.shape[:2]
        sides = paste(self.words[numbers[..., 0].reshape(-1)], self.stride)
        whole = sides.reshape(rows, columns, self.stride, self.stride).transpose(0, 2, 1, 3)
        return whole.reshape(rows * self.stride, columns * self.stride)

    @cached_property
    def _pure(self) -> Numbers:
        """For each class the word that has most of it, and the first for what is not scored."""
        right = np.stack([(self.words == c).sum(axis=1) for c in range(self.classes)])
        return np.append(right.argmax(axis=1), 0).astype(np.uint32)

    def _closest(self, rows: Labels) -> Numbers:
        """For each patch the word with most of its scored pixels right, the first of equals."""
        closest = np.zeros(len(rows), np.uint32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            right = np.zeros((len(part), len(self.words)), np.float32)
            for c in occurring(part, self.classes):
                right += (part == c).astype(np.float32) @ (self.words == c).astype(np.float32).T
            closest[start : start + ROWS_AT_ONCE] = right.argmax(axis=1)
        return closest


def codebook(sample: Sample, most: int, seed: int) -> Codebook:
    """At most so many words for the patches of a sample.

    Args:
        sample: patches and how often they occur.
        most: number of clusters; there are no more words than patches.
        seed: of the first centres and of the order of patches.
    """
    cluster = _clusters(sample, most, seed) if len(sample.rows) > most else np.arange(len(sample.rows))
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    rows, weights = sample.rows[order], sample.weights[order, None]
    best = np.zeros((len(starts), rows.shape[1]), np.float32)
    words = np.zeros(best.shape, rows.dtype)
    for c in range(sample.classes):
        votes = np.add.reduceat((rows == c) * weights, starts, axis=0)
        np.putmask(words, votes > best, c)
        np.maximum(best, votes, out=best)
    return Codebook(sample.stride, sample.classes, words, most)


def _clusters(sample: Sample, most: int, seed: int) -> NDArray[np.intp]:
    """The cluster of each patch."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.decomposition import TruncatedSVD

    with threadpool_limits(1):  # sums in one order: the same words on any machine
        points = _shares(sample)
        if points.shape[1] > DIRECTIONS:
            directions = TruncatedSVD(DIRECTIONS, n_iter=POWER_ITERATIONS, random_state=seed)
            points = directions.fit_transform(points)
        means = MiniBatchKMeans(
            most, max_iter=EPOCHS, batch_size=BATCH, n_init=1, random_state=seed, reassignment_ratio=0.0
        )
        cluster: NDArray[np.intp] = means.fit(points, sample_weight=sample.weights).labels_.astype(np.intp)
    return cluster


def _shares(sample: Sample) -> NDArray[np.float32]:
    """The share of each class in the parts of each patch, shape (n, parts · C)."""
    side = max(1, sample.stride // PARTS)
    parts = -(-sample.stride // side)
    row, column = np.divmod(raster(sample.stride), sample.stride)
    part = row // side * parts + column // side
    order = np.argsort(part, kind="stable")
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    rows = sample.rows[:, order]
    shares = [
        np.add.reduceat(rows == c, starts, axis=1, dtype=np.float32) for c in occurring(rows, sample.classes)
    ]
    return np.concatenate(shares, axis=1)
