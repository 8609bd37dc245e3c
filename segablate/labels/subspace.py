"""The linear map that compresses label patches best: DUpsampling's P and W.

P and W minimise Σ‖v − W P v‖² over one-hot patches v (Tian et al., CVPR 2019, Sec. 3.2): W's columns
are the leading right singular vectors of the patch matrix, P is its transpose. The paper has no
bias, so nothing is centred unless asked for. The components are nested: the best k-dimensional map
is the first k columns of the best larger one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segablate.errors import SegablateError
from segablate.labels import eigen
from segablate.labels.patches import raster

Floats = NDArray[np.float32]

# Krylov blocks a little wider than asked for settle the last wanted vectors sooner
SPARE_VECTORS = 16
# equal patches, less their mean, leave nothing but this
ROUNDING = 1e-12


@dataclass(frozen=True)
class Subspace:
    """Leading components of the one-hot patches of a set of label maps.

    Attributes:
        stride: side of a patch, r.
        classes: number of classes C.
        components: orthonormal, shape (k, C, r²), pixels in raster order.
        eigenvalues: of Σ v vᵀ (centred: of Σ (v − mean)(v − mean)ᵀ), largest first, shape (k,).
        total: the sum of all eigenvalues.
        mean: mean patch, shape (C, r²); zeros where the fit is not centred.
        centred: whether the mean was taken off first.
        patches: patches seen.
        residual: largest ‖A v − λ v‖ / λ over the components.
    """

    stride: int
    classes: int
    components: Floats
    eigenvalues: NDArray[np.float64]
    total: float
    mean: Floats
    centred: bool
    patches: int
    residual: float

    def explained(self, k: int) -> float:
        """Share of the (centred) energy of all patches that the first k components hold."""
        return min(float(self.eigenvalues[:k].sum() / self.total), 1.0) if self.total > 0 else 1.0

    def weight(self, k: int) -> Floats:
        """W as the DUpsampling layer wants it: (r · r · C, k), rows ordered (row, column, class)."""
        return np.ascontiguousarray(self.components[:k].transpose(2, 1, 0).reshape(-1, k))

    def bias(self) -> Floats:
        """The mean patch in the order of `weight`'s rows, shape (r · r · C,)."""
        return np.ascontiguousarray(self.mean.T.reshape(-1))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays, for a file."""
        scalars = np.array([self.stride, self.classes, self.patches, self.centred], np.int64)
        return {
            "components": self.components,
            "eigenvalues": self.eigenvalues,
            "mean": self.mean,
            "scalars": scalars,
            "floats": np.array([self.total, self.residual]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Subspace:
        """What `to_arrays` gave."""
        stride, classes, patches, centred = (int(x) for x in arrays["scalars"])
        total, residual = (float(x) for x in arrays["floats"])
        eigenvalues = arrays["eigenvalues"]
        mean = arrays["mean"]
        return cls(
            stride, classes, arrays["components"], eigenvalues, total, mean, bool(centred), patches, residual
        )


def largest(stride: int, classes: int) -> int:
    """N = r²C: the length of a one-hot patch, and the most components there can be."""
    return stride * stride * classes


def check_channels(channels: int, stride: int, classes: int) -> None:
    """Refuse more components than a patch has numbers.

    Raises:
        SegablateError: C̃ > N = r²C, or C̃ < 1.
    """
    length = largest(stride, classes)
    if not 1 <= channels <= length:
        raise SegablateError(
            f"{channels} channels are asked for, but a patch of {stride}×{stride} pixels "
            f"and {classes} classes has {length} numbers",
            hint=f"take 1 to {length} channels",
            field="channels",
        )


def principal(
    moment_times: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    count: NDArray[np.float64],
    *,
    stride: int,
    classes: int,
    patches: int,
    k: int,
    centred: bool,
    pool: Executor,
) -> Subspace:
    """Leading components from products with Σ v vᵀ.

    Args:
        moment_times: the uncentred second moment times a block, pixels in kept order.
        count: Σ v, shape (C · r²,), kept order.
        stride: side of a patch.
        classes: number of classes.
        patches: number of patches n.
        k: components wanted, at most N.
        centred: take the mean patch off.
        pool: threads, each with one BLAS thread.
    """
    mean = count / max(patches, 1) if centred else np.zeros_like(count)

    def apply(block: NDArray[np.float64]) -> NDArray[np.float64]:
        return moment_times(block) - patches * np.outer(mean, mean @ block)

    length = largest(stride, classes)
    # nothing is known yet; the same start every time
    start = np.random.default_rng(0).standard_normal((length, min(k + SPARE_VECTORS, length)))
    # a one-hot patch has length² = its labelled pixels, so the trace is the sum of the counts
    trace = float(count.sum())
    pairs = eigen.leading(apply, start, k, pool=pool, scale=trace)
    total = trace - patches * float(mean @ mean)
    return Subspace(
        stride,
        classes,
        _in_raster_order(_signed(pairs.vectors), stride, classes),
        np.maximum(pairs.values, 0.0),
        total if total > ROUNDING * trace else 0.0,
        _in_raster_order(mean[:, None], stride, classes)[0],
        centred,
        patches,
        pairs.residual,
    )


def _signed(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eigenvectors have no sign: let the largest entry of each be positive."""
    peak = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(peak < 0, -1.0, 1.0)


def _in_raster_order(vectors: NDArray[np.float64], stride: int, classes: int) -> Floats:
    components = np.empty((vectors.shape[1], classes, stride * stride), np.float32)
    components[:, :, raster(stride)] = vectors.T.reshape(vectors.shape[1], classes, -1)
    return components
