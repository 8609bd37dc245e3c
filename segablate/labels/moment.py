"""The second moment of one-hot patches, without ever forming a one-hot patch.

Entry ((p, c), (q, d)) of Σ v vᵀ is the number of patches with class c at pixel p and class d at
pixel q. Patches of one class add a constant to one block, so they are counted. For the others the
0/1 masks of the classes *they hold* are multiplied, a bucket of patches with equal classes and
equal mixed cells at a time: one dense product at full speed, exact in float32 because a bucket has
fewer than 2²⁴ patches. A cell of one value needs no pixels: it is one column, spread at the end.
Patches of three or more classes are rare and come in many combinations, so they are taken apart:
each class by itself, and each pair of classes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels, Layout, Patches, layout
from segablate.labels.work import each

ROWS_A_PRODUCT = 2048
ROWS_WORTH_A_PRODUCT = 256
PENDING_BYTES = 1 << 27
BITS_OF_A_CODE = 61

# (cells that are mixed, one bit each; classes; whether only the product between the two is wanted)
Kind = tuple[int, tuple[int, ...], bool]


@dataclass
class _Bucket:
    rows: int = 0
    parts: list[Labels] = field(default_factory=list)


class SecondMoment:
    """Σ v vᵀ over one-hot patches v, as blocks over pairs of classes that meet in a patch.

    Label maps are added from any number of threads. Memory depends on the stride and the pairs of
    classes that occur, not on the number of label maps.

    Args:
        classes: number of classes C; a value ≥ C is a zero vector.
        stride: side of a patch, r.
    """

    def __init__(self, classes: int, stride: int) -> None:
        self.classes = classes
        self.layout = layout(stride)
        self.patches = 0
        self._pure = np.zeros(classes, np.int64)
        self._blocks: dict[tuple[int, int], NDArray[np.int32]] = {}
        self._buckets: dict[Kind, _Bucket] = {}
        self._pending = 0
        self._lock = threading.Lock()

    def add(self, maps: Sequence[Patches]) -> None:
        """Count the patches of some label maps; a few dozen maps at a time are quickest."""
        pure = np.zeros(self.classes, np.int64)
        for patches in maps:
            values = patches.first[~patches.mixed]
            pure += np.bincount(values[values < self.classes], minlength=self.classes)
        ready = self._sort_in(_by_kind(maps, self.classes), pure, sum(patches.first.size for patches in maps))
        for kind, rows in ready:
            self._multiply(kind, rows)

    def finish(self, pool: Executor) -> dict[tuple[int, int], NDArray[np.int32]]:
        """Blocks (c, d), c ≤ d, of shape (pixels, pixels) in kept order; nothing can be added after."""
        self._merge_small_buckets()
        rest = [self._take(kind) for kind in list(self._buckets)]
        for _ in each(pool, lambda part: self._multiply(*part), rest):
            pass
        for c in np.flatnonzero(self._pure):
            self._block((int(c), int(c)))[: self.layout.cells, : self.layout.cells] += np.int32(self._pure[c])
        return {pair: _spread(block, self.layout) for pair, block in sorted(self._blocks.items())}

    @property
    def pure(self) -> NDArray[np.int64]:
        """Patches of one class, by class."""
        return self._pure

    def _sort_in(
        self, groups: list[tuple[Kind, Labels]], pure: NDArray[np.int64], patches: int
    ) -> list[tuple[Kind, Labels]]:
        ready: list[tuple[Kind, Labels]] = []
        with self._lock:
            self._pure += pure
            self.patches += patches
            for kind, rows in groups:
                self._put(kind, rows)
                if self._buckets[kind].rows >= ROWS_A_PRODUCT:
                    ready.append(self._take(kind))
            while self._pending > PENDING_BYTES:
                ready.append(self._take(max(self._buckets, key=lambda kind: self._buckets[kind].rows)))
        return ready

    def _merge_small_buckets(self) -> None:
        """Treat every cell as mixed in what is left of rare kinds: fewer, fuller products."""
        every = (1 << self.layout.cells) - 1
        for kind in [k for k, bucket in self._buckets.items() if bucket.rows < ROWS_WORTH_A_PRODUCT]:
            (_, classes, between), rows = self._take(kind)
            self._put((every, classes, between), rows)

    def _put(self, kind: Kind, rows: Labels) -> None:
        bucket = self._buckets.setdefault(kind, _Bucket())
        bucket.parts.append(rows)
        bucket.rows += len(rows)
        self._pending += rows.nbytes

    def _take(self, kind: Kind) -> tuple[Kind, Labels]:
        bucket = self._buckets.pop(kind)
        rows = np.concatenate(bucket.parts)
        self._pending -= rows.nbytes
        return kind, rows

    def _multiply(self, kind: Kind, rows: Labels) -> None:
        pattern, classes, between = kind
        lay = self.layout
        mixed = [cell for cell in range(lay.cells) if pattern >> cell & 1]
        plain = [cell for cell in range(lay.cells) if not pattern >> cell & 1]
        masks = _masks(rows, classes, mixed, plain)
        places = _places(lay, mixed, plain)
        width = masks.shape[1] // len(classes)
        if between:
            self._add(classes, masks[:, :width].T @ masks[:, width:], places)
            return
        product = masks.T @ masks
        for i, c in enumerate(classes):
            for j, d in enumerate(classes[i:], i):
                self._add((c, d), product[i * width : (i + 1) * width, j * width : (j + 1) * width], places)

    def _add(
        self, pair: tuple[int, ...], product: NDArray[np.float32], places: list[tuple[slice, slice]]
    ) -> None:
        counts = product.astype(np.int32)
        with self._lock:
            block = self._block((pair[0], pair[1]))
            for here, there in places:
                for across, beyond in places:
                    block[there, beyond] += counts[here, across]

    def _block(self, pair: tuple[int, int]) -> NDArray[np.int32]:
        if pair not in self._blocks:
            size = self.layout.cells + self.layout.pixels
            self._blocks[pair] = np.zeros((size, size), np.int32)
        return self._blocks[pair]


def _by_kind(maps: Sequence[Patches], classes: int) -> list[tuple[Kind, Labels]]:
    """Group mixed patches by which cells are mixed and which classes occur; ignored pixels are none."""
    kept = np.concatenate([patches.kept for patches in maps])
    held_by_map = [np.flatnonzero(np.bincount(p.kept.reshape(-1), minlength=classes)[:classes]) for p in maps]
    present = sorted({int(c) for held in held_by_map for c in held})
    if not present:
        return []
    cells = kept.shape[1]
    codes = _codes(maps, held_by_map, {c: cells + bit for bit, c in enumerate(present)})
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    groups: list[tuple[Kind, Labels]] = []
    for code, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        held = tuple(c for bit, c in enumerate(present, cells) if code >> bit & 1)
        groups += [((code & ((1 << cells) - 1), *kind), kept[rows]) for kind in _kinds(held)]
    return groups


def _codes(
    maps: Sequence[Patches], held_by_map: list[NDArray[np.intp]], bits: dict[int, int]
) -> NDArray[np.int64] | NDArray[np.object_]:
    """One number a patch: a bit for each mixed cell, then a bit for each class."""
    codes = []
    for patches, held in zip(maps, held_by_map, strict=True):
        kept = patches.kept
        flat = patches.flat
        code = (kept != kept[:, :, :1]).any(axis=2) @ (1 << np.arange(kept.shape[1]))
        code = code.astype(object) if max(bits.values()) > BITS_OF_A_CODE else code
        for c in held.tolist():
            code = code + (flat == c).any(axis=1).astype(code.dtype) * (1 << bits[c])
        codes.append(code)
    return np.concatenate(codes)


def _kinds(held: tuple[int, ...]) -> list[tuple[tuple[int, ...], bool]]:
    """The products that patches with these classes need."""
    if len(held) <= 2:
        return [(held, False)] if held else []
    return [((c,), False) for c in held] + [(pair, True) for pair in combinations(held, 2)]


def _masks(rows: Labels, classes: tuple[int, ...], mixed: list[int], plain: list[int]) -> NDArray[np.float32]:
    """Columns by class: pixels of the mixed cells, then one column for each cell of one value."""
    pixels = rows.shape[2]
    width = len(mixed) * pixels + len(plain)
    masks = np.empty((len(rows), len(classes) * width), np.float32)
    inside = rows[:, mixed].reshape(len(rows), -1)
    whole = rows[:, plain, 0]
    for i, c in enumerate(classes):
        start = i * width
        np.equal(inside, c, out=masks[:, start : start + inside.shape[1]], casting="unsafe")
        np.equal(whole, c, out=masks[:, start + inside.shape[1] : start + width], casting="unsafe")
    return masks


def _places(lay: Layout, mixed: list[int], plain: list[int]) -> list[tuple[slice, slice]]:
    """Pairs (columns of a class's masks, the same in a block): cells of one value come first in a block."""
    pixels = lay.side * lay.side
    places = [
        (
            slice(i * pixels, (i + 1) * pixels),
            slice(lay.cells + cell * pixels, lay.cells + (cell + 1) * pixels),
        )
        for i, cell in enumerate(mixed)
    ]
    after = len(mixed) * pixels
    return places + [(slice(after + i, after + i + 1), slice(cell, cell + 1)) for i, cell in enumerate(plain)]


def _spread(block: NDArray[np.int32], lay: Layout) -> NDArray[np.int32]:
    """Give every pixel of a cell of one value what the cell's single column counted."""
    pixels = lay.side * lay.side
    full = block[lay.cells :, lay.cells :]
    for k in range(lay.cells):
        here = slice(k * pixels, (k + 1) * pixels)
        full[here] += block[k, lay.cells :]
        full[:, here] += block[lay.cells :, k, None]
        for j in range(lay.cells):
            full[here, j * pixels : (j + 1) * pixels] += block[k, j]
    return full
