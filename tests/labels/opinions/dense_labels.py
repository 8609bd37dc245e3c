"""Label patches the slow way: every one-hot patch written out, straight from the definitions."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from segablate.labels.fit import Solver, fit
from segablate.labels.patches import Labels
from segablate.labels.subspace import Subspace

# a dense second moment has the square of this many entries
LONGEST_PATCH = 1200


@dataclass(frozen=True)
class Case:
    """Some label maps and what is to be done with them."""

    maps: list[Labels]
    classes: int
    stride: int
    ignore: int


@st.composite
def cases(draw: st.DrawFn, longest: int = LONGEST_PATCH, most_classes: int = 70) -> Case:
    """Random label maps: noise, blocks, stripes, one class, with and without ignored pixels."""
    stride = draw(st.integers(1, 17))
    classes = draw(st.integers(1, max(1, min(most_classes, longest // stride**2))))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    ignore = draw(st.sampled_from([255, classes] if dtype is np.uint8 else [255, 1000, 65535]))
    seed = draw(st.integers(0, 2**32 - 1))
    sizes = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=4))
    styles = draw(st.lists(st.sampled_from(STYLES), min_size=len(sizes), max_size=len(sizes)))
    rng = np.random.default_rng(seed)
    maps = [
        draw_map(rng, size, style, classes, ignore, dtype) for size, style in zip(sizes, styles, strict=True)
    ]
    return Case(maps, classes, stride, ignore)


STYLES = ("noise", "blocks", "stripes", "one", "ignored")


def draw_map(
    rng: np.random.Generator, size: tuple[int, int], style: str, classes: int, ignore: int, dtype: type
) -> Labels:
    """A label map of a style."""
    height, width = size
    values = np.array([*rng.integers(0, classes, 5), ignore])
    if style == "noise":
        return rng.choice(values, size).astype(dtype)
    if style == "stripes":
        return np.broadcast_to(rng.choice(values[:5], width), size).astype(dtype)
    label = np.full(size, ignore if style == "ignored" else rng.choice(values[:5]), dtype)
    for _ in range(0 if style in ("one", "ignored") else 5):
        top, left = rng.integers(0, height), rng.integers(0, width)
        label[top : top + rng.integers(1, 20), left : left + rng.integers(1, 20)] = rng.choice(values)
    return label


def padded(label: Labels, stride: int, ignore: int) -> Labels:
    """Below and to the right, to a multiple of the stride."""
    high, wide = -label.shape[0] % stride, -label.shape[1] % stride
    return np.pad(label, ((0, high), (0, wide)), constant_values=ignore)


def one_hot_patches(maps: Sequence[Labels], classes: int, stride: int, ignore: int) -> NDArray[np.float64]:
    """X: a row a patch, its columns by class, then by pixel in raster order."""
    rows = []
    for label in maps:
        whole = padded(label, stride, ignore)
        for top in range(0, whole.shape[0], stride):
            for left in range(0, whole.shape[1], stride):
                patch = whole[top : top + stride, left : left + stride].reshape(-1)
                rows.append((patch[None] == np.arange(classes)[:, None]).reshape(-1))
    return np.array(rows, np.float64)


def lay_out(rows: NDArray[np.float64], shape: tuple[int, int], stride: int) -> NDArray[np.float64]:
    """One-hot patches of one map, or scores in their place, as (classes, height, width), cut to `shape`."""
    grid = -(-shape[0] // stride), -(-shape[1] // stride)
    cells = rows.reshape(*grid, -1, stride, stride).transpose(2, 0, 3, 1, 4)
    return cells.reshape(-1, grid[0] * stride, grid[1] * stride)[:, : shape[0], : shape[1]]


def agree(restored: Labels, scores: NDArray[np.floating], margin: float = 1e-4) -> None:
    """Check that a restored map is the arg max of scores (classes, height, width), but for rounding."""
    restored = restored[: scores.shape[1], : scores.shape[2]]
    best = scores.max(axis=0)
    said = np.take_along_axis(scores, restored[None].astype(np.intp), axis=0)[0]
    assert (said >= best - margin).all()


def fitted(
    maps: Sequence[Labels],
    classes: int,
    stride: int,
    k: int,
    *,
    centred: bool = False,
    solver: Solver = "auto",
    ignore: int = 255,
    workers: int = 1,
) -> Subspace:
    """The subspace that `fit` finds for one stride."""
    with ThreadPoolExecutor(workers) as pool:
        return fit(
            [lambda label=label: label for label in maps],
            classes=classes, ignore=ignore, wanted={stride: k}, centred=centred, solver=solver, pool=pool,
        )[stride]  # fmt: skip
