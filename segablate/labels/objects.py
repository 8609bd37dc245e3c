"""Objects of a label map by size: an object is a connected part of one class, pixels joined by their sides.

A row of a label map is few runs of one label, so runs are joined instead of pixels: two runs of
neighbouring rows belong together where they hold the same label and share a column.
The sizes are those of COCO (Lin et al., arXiv:1405.0312): below 32², below 96², and larger, in pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels

SIZES = ("small", "medium", "large")
LIMITS = (32 * 32, 96 * 96)


def sizes(label: Labels) -> NDArray[np.uint8]:
    """Number in `SIZES` of the object that each pixel lies in; shape of the map."""
    begins = np.ones(label.shape, bool)
    np.not_equal(label[:, 1:], label[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=label.size)
    objects = _objects(label, begins, starts)
    areas = np.bincount(objects, weights=lengths)
    return np.repeat(_numbers(areas)[objects], lengths).reshape(label.shape)


def _objects(label: Labels, begins: NDArray[np.bool_], starts: NDArray[np.intp]) -> NDArray[np.int32]:
    """Number of the object that each run belongs to, shape (runs,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    # runs share columns first where one of them begins
    meets = (begins[1:] | begins[:-1]) & (label[1:] == label[:-1])
    above = np.flatnonzero(meets)
    upper, lower = (np.searchsorted(starts, at, side="right") - 1 for at in (above, above + label.shape[1]))
    adjacency = coo_matrix((np.ones(len(upper), bool), (upper, lower)), shape=(len(starts), len(starts)))
    numbers: NDArray[np.int32] = connected_components(adjacency, directed=False)[1]
    return numbers


def _numbers(areas: NDArray[Any]) -> NDArray[np.uint8]:
    return np.searchsorted(LIMITS, areas, side="right").astype(np.uint8)
