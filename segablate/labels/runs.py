"""One-hot patches as runs: a patch is the few places where its label changes.

    labels    3 3 3 7 7 7 7 3        X = R · S
    class 3   1 1 1 0 0 0 0 1   =   running sum of   +1 0 0 −1 0 0 0 +1
    class 7   0 0 0 1 1 1 1 0   =   running sum of    0 0 0 +1 0 0 0 −1

R holds a handful of ±1 a patch, S is a running sum along the pixels of each class. X·Q is a running
sum of Q and sparse gathers, Xᵀ·Y the same backwards, and X is never formed. This is what is left
when the second moment itself is too large: memory goes with the runs, not with (r²C)².
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segablate.labels.patches import Patches, layout
from segablate.labels.work import Locked

Matrix = NDArray[np.float64]


class RunLengths(Locked):
    """The matrix X of one-hot patches, one row a patch, as an operator.

    Label maps are added from any number of threads.

    Args:
        classes: number of classes C; a value ≥ C is a zero vector.
        stride: side of a patch, r.
    """

    def __init__(self, classes: int, stride: int) -> None:
        super().__init__()
        self.classes = classes
        self.layout = layout(stride)
        self.patches = 0
        self._pure = np.zeros(classes, np.int64)
        self._parts: list[sparse.csr_array] = []

    def add(self, maps: Sequence[Patches]) -> None:
        """Take in the patches of some label maps."""
        pure = np.zeros(self.classes, np.int64)
        for patches in maps:
            values = patches.first[~patches.mixed]
            pure += np.bincount(values[values < self.classes], minlength=self.classes)
        part = runs(np.concatenate([patches.flat for patches in maps]), self.classes)
        with self._lock:
            self._pure += pure
            self._parts.append(part)
            self.patches += sum(patches.first.size for patches in maps)

    def merge(self, other: RunLengths) -> None:
        """Add what another has taken in."""
        self._pure += other._pure
        self._parts += other._parts
        self.patches += other.patches

    def finish(self) -> None:
        """Join what was added; nothing can be added after."""
        # threads add in any order, and a sum of floats depends on its order
        self._parts.sort(key=_digest)
        empty = sparse.csr_array((0, self.classes * self.layout.pixels), dtype=np.int8)
        self._rows = sparse.vstack([*self._parts, empty], format="csr", dtype=np.int8)
        self._rows_transposed = self._rows.T.tocsr()
        self._parts = []

    def __len__(self) -> int:
        """N = r²C, the length of a one-hot patch."""
        return self.classes * self.layout.pixels

    def times(self, q: Matrix) -> Matrix:
        """X·Q for the mixed patches: (C · pixels, b) → (patches, b); pixels in kept order."""
        summed = np.cumsum(q.reshape(self.classes, self.layout.pixels, -1)[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(self._rows @ summed.reshape(len(self), -1))

    def transposed_times(self, y: Matrix) -> Matrix:
        """Xᵀ·Y for the mixed patches: (patches, b) → (C · pixels, b)."""
        ends: Matrix = np.asarray(self._rows_transposed @ y).reshape(self.classes, self.layout.pixels, -1)
        np.cumsum(ends, axis=1, out=ends)
        return ends.reshape(len(self), -1)

    def moment_times(self, q: Matrix) -> Matrix:
        """Σ v vᵀ · Q over all patches, the counted ones of one class included."""
        whole = q.reshape(self.classes, self.layout.pixels, -1).sum(axis=1) * self._pure[:, None]
        product = self.transposed_times(self.times(q)).reshape(self.classes, self.layout.pixels, -1)
        product += whole[:, None]
        return product.reshape(len(self), -1)

    def count(self) -> Matrix:
        """How often each class stands at each pixel, shape (C · pixels,): the sum of all patches."""
        ones = np.ones((self._rows.shape[0], 1))
        return (self.transposed_times(ones).reshape(self.classes, -1) + self._pure[:, None]).reshape(-1)


def _digest(part: sparse.csr_array) -> bytes:
    arrays = (part.indptr, part.indices, part.data)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest()


def runs(flat: NDArray[np.unsignedinteger], classes: int) -> sparse.csr_array:
    """R for patches of shape (n, pixels): +1 where a run of a class begins, −1 where it ends."""
    n, pixels = flat.shape
    change = np.ones((n, pixels), bool)
    np.not_equal(flat[:, 1:], flat[:, :-1], out=change[:, 1:])
    row, place = np.nonzero(change)
    begins = flat[row, place].astype(np.intp)
    ends = np.where(place > 0, flat[row, place - 1], classes).astype(np.intp)
    rows = np.concatenate([row[begins < classes], row[ends < classes]])
    columns = np.concatenate(
        [(begins * pixels + place)[begins < classes], (ends * pixels + place)[ends < classes]]
    )
    signs = np.repeat(np.array([1, -1], np.int8), [np.sum(begins < classes), np.sum(ends < classes)])
    return sparse.csr_array((signs, (rows, columns)), shape=(n, classes * pixels), dtype=np.int8)
