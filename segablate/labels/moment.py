"""The second moment of one-hot patches, without ever forming a one-hot patch.

Entry ((p, c), (q, d)) of Σ v vᵀ is the number of patches with class c at pixel p and class d at
pixel q. Patches of one class add a constant to one block, so they are counted. For the others the
0/1 masks of the classes *they hold* are multiplied, patches with equal classes and equal mixed cells
together: one dense product at full speed, of one class's masks alone where there are two classes and each
pixel is of one of them. Counts are exact in float32 up to 2²⁴ patches; a block that
sees more goes on in float64.
A cell of one value needs no pixels: it is one column, spread at the end.
Most pairs of classes meet in a handful of patches only: those patches stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from segablate.labels.blocks import Blocks, Pair
from segablate.labels.kinds import Codes, Kind, Kinds, apart, groups, products
from segablate.labels.patches import Labels, Layout, Patches, layout
from segablate.labels.work import Locked, each

ROWS_A_PRODUCT = 4096
# patches of a rare kind wait for others of it
ROWS_WORTH_A_PRODUCT = 256
# merged with other kinds, a patch costs up to four times as much: so few are cheaper all the same
ROWS_WORTH_NO_MERGING = 192
# a block of counts costs as much as this share of its pixels in patches, each time it is made or multiplied
PATCHES_WORTH_A_BLOCK = 0.5
PATCHES_WAITING = 1 << 16
# float32 counts exactly so far
EXACT = 1 << 24

Part = tuple[Labels, Codes]
Counts = NDArray[np.float32] | NDArray[np.float64]
Product = tuple[Pair, NDArray[np.float32]]
Places = list[tuple[slice, slice]]


class SecondMoment(Locked):
    """Σ v vᵀ over one-hot patches v, as blocks over pairs of classes that meet in a patch.

    Label maps are added from any number of threads. Memory depends on the stride and the pairs of
    classes that occur, not on the number of label maps; each process that counts has its own.

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
        self._blocks: dict[Pair, Counts] = {}
        self._rows: dict[Pair, int] = {}
        self._kinds = Kinds(classes, self.layout.cells)
        self._pending: list[Part] = []
        self._rare: list[Part] = []
        self._few: dict[Pair, list[Labels]] = {}

    def add(self, maps: Sequence[Patches]) -> None:
        """Count the patches of some label maps; a few dozen maps at a time are quickest."""
        values = np.concatenate([patches.first[~patches.mixed] for patches in maps])
        pure = np.bincount(values[values < self.classes], minlength=self.classes)
        parts = [(patches.mixed_pixels, self._kinds.codes(patches)) for patches in maps]
        with self._lock:
            self._pure += pure
            self.patches += sum(patches.first.size for patches in maps)
            self._pending += parts
            if _patches(self._pending) < PATCHES_WAITING:
                return
            # rare kinds may have become worth their product by what has come since
            parts, self._pending, self._rare = self._pending + self._rare, [], []
        self._settle_all(parts)
        with self._lock:
            too_many = _patches(self._rare) > PATCHES_WAITING
            rare, self._rare = (self._rare, []) if too_many else ([], self._rare)
        for kind, rows in self._all_of(rare):
            self._multiply(kind, rows)

    def settle(self) -> None:
        """Count what waits and is worth a product of its own: less is left to hand over."""
        with self._lock:
            parts, self._pending, self._rare = self._pending + self._rare, [], []
        self._settle_all(parts)

    def _settle_all(self, parts: list[Part]) -> None:
        for kind, rows in self._settle(parts, ROWS_WORTH_A_PRODUCT):
            self._multiply(kind, rows)

    def merge(self, other: SecondMoment) -> None:
        """Add what another has counted, which is used up."""
        self._pure += other._pure
        self.patches += other.patches
        renumber = self._kinds.renumbered(other._kinds)
        self._pending += [(rows, renumber(codes)) for rows, codes in other._pending]
        self._rare += [(rows, renumber(codes)) for rows, codes in other._rare]
        for pair, block in other._blocks.items():
            if pair in self._blocks:
                self._block(pair, other._rows[pair])[...] += block
            else:
                self._blocks[pair], self._rows[pair] = block, other._rows[pair]
        for pair, many in other._few.items():
            self._few.setdefault(pair, []).extend(many)
        other._blocks = {}

    def finish(self, pool: Executor) -> Blocks:
        """All that was added; nothing can be after."""
        parts, self._pending, self._rare = self._pending + self._rare, [], []
        for wanted in (self._all_of(parts), self._not_few()):
            for _ in each(pool, lambda part: self._multiply(*part), wanted):
                pass
        for c in np.flatnonzero(self._pure):
            block = self._block((int(c), int(c)), int(self._pure[c]))
            block[: self.layout.cells, : self.layout.cells] += self._pure[c]
        counts = {pair: _spread(block, self.layout) for pair, block in sorted(self._blocks.items())}
        few = {pair: _together(many) for pair, many in sorted(self._few.items())}
        return Blocks(counts, few, self.classes, self.layout.pixels)

    @property
    def pure(self) -> NDArray[np.int64]:
        """Patches of one class, by class."""
        return self._pure

    def _settle(self, parts: list[Part], worth: int) -> Iterator[tuple[Kind, Labels]]:
        """The products of the kinds that have `worth` patches; the others are put aside."""
        for code, rows in groups(*_concatenated(parts)):
            if len(rows) < worth:
                with self._lock:
                    self._rare.append((rows, np.full(len(rows), code)))
                continue
            pattern, held = self._kinds.kind(code)
            for classes, between in products(held):
                yield (pattern, classes, between), rows

    def _all_of(self, parts: list[Part]) -> Iterator[tuple[Kind, Labels]]:
        """The products of all kinds; every cell of the rarest is treated as mixed: fewer, fuller ones."""
        alike: dict[Kind, list[Labels]] = {}
        for code, rows in groups(*_concatenated(parts)):
            pattern, held = self._kinds.kind(code)
            for classes, between in products(held) if len(rows) >= ROWS_WORTH_NO_MERGING else apart(held):
                alike.setdefault((pattern, classes, between), []).append(rows)
        merged: dict[tuple[int, ...], list[Labels]] = {}
        for kind, many in alike.items():
            if sum(map(len, many)) >= ROWS_WORTH_NO_MERGING:
                yield kind, np.concatenate(many)
            else:
                merged.setdefault(kind[1], []).extend(many)
        for classes, many in merged.items():
            if len(classes) == 1:
                yield (self._every, classes, False), np.concatenate(many)
            else:
                yield from self._met((classes[0], classes[1]), many)

    def _met(self, pair: Pair, many: list[Labels]) -> Iterator[tuple[Kind, Labels]]:
        """The product of two classes where that is worth a block; else their patches are put aside."""
        with self._lock:
            many = [*self._few.pop(pair, []), *many]
            worth = PATCHES_WORTH_A_BLOCK * self.layout.pixels
            if pair not in self._blocks and sum(map(len, many)) < worth:
                self._few[pair] = many
                return
        yield (self._every, pair, True), np.concatenate(many)

    def _not_few(self) -> Iterator[tuple[Kind, Labels]]:
        """The products of the pairs that have become worth a block since their patches were put aside."""
        for pair in list(self._few):
            yield from self._met(pair, [])

    @property
    def _every(self) -> int:
        """All cells are mixed."""
        return (1 << self.layout.cells) - 1

    def _multiply(self, kind: Kind, rows: Labels) -> None:
        pattern, classes, between = kind
        lay = self.layout
        mixed = [cell for cell in range(lay.cells) if pattern >> cell & 1]
        plain = [cell for cell in range(lay.cells) if not pattern >> cell & 1]
        places = _places(lay, mixed, plain)
        if len(classes) == 2 and not between:
            # where every pixel is of one of the two, the one's mask says all
            whole = (rows < self.classes).all(axis=(1, 2))
            works = [(_two_classes, rows[whole]), (_classes, rows[~whole])]
        else:
            works = [(_between if between else _classes, rows)]
        for product, some in works:
            for start in range(0, len(some), ROWS_A_PRODUCT):
                part = some[start : start + ROWS_A_PRODUCT]
                self._add(product(part, classes, mixed, plain), len(part), places)

    def _add(self, products: Sequence[Product], rows: int, places: Places) -> None:
        with self._lock:
            for pair, product in products:
                block = self._block(pair, rows)
                for here, there in places:
                    for across, beyond in places:
                        block[there, beyond] += product[here, across]

    def _block(self, pair: Pair, rows: int) -> Counts:
        """The block of a pair of classes, wide enough to count `rows` more patches exactly."""
        if pair not in self._blocks:
            size = self.layout.cells + self.layout.pixels
            self._blocks[pair] = np.zeros((size, size), np.float32)
        before = self._rows.get(pair, 0)
        self._rows[pair] = before + rows
        if before < EXACT <= before + rows:
            self._blocks[pair] = self._blocks[pair].astype(np.float64)
        return self._blocks[pair]


def _between(rows: Labels, classes: tuple[int, ...], mixed: list[int], plain: list[int]) -> list[Product]:
    """Of one class's masks with another's."""
    masks = _masks(rows, classes, mixed, plain)
    width = masks.shape[1] // 2
    return [((classes[0], classes[1]), masks[:, :width].T @ masks[:, width:])]


def _classes(rows: Labels, classes: tuple[int, ...], mixed: list[int], plain: list[int]) -> list[Product]:
    """Of each class's masks with its own and with those of each class after it."""
    masks = _masks(rows, classes, mixed, plain)
    width = masks.shape[1] // len(classes)
    product = masks.T @ masks
    return [
        ((c, d), product[i * width : (i + 1) * width, j * width : (j + 1) * width])
        for i, c in enumerate(classes)
        for j, d in enumerate(classes[i:], i)
    ]


def _two_classes(rows: Labels, classes: tuple[int, ...], mixed: list[int], plain: list[int]) -> list[Product]:
    """The same where each pixel is of one of two classes: the other's mask is one less the one's."""
    c, d = classes
    masks = _masks(rows, (c,), mixed, plain)
    own = masks.T @ masks
    count = own.diagonal()
    between = count[:, None] - own
    return [((c, c), own), ((c, d), between), ((d, d), (len(rows) - count) - between)]


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


def _places(lay: Layout, mixed: list[int], plain: list[int]) -> Places:
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


def _spread(block: Counts, lay: Layout) -> Counts:
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


def _together(many: list[Labels]) -> Labels:
    """Patches as rows, (n, pixels), in an order that does not tell which thread was first."""
    rows = np.concatenate(many)
    flat = np.ascontiguousarray(rows.reshape(len(rows), -1))
    whole = np.sort(flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))), axis=0)
    return whole.view(flat.dtype).reshape(flat.shape)


def _concatenated(parts: list[Part]) -> Part:
    if not parts:
        return np.zeros((0, 1, 1), np.uint8), np.zeros(0, np.int64)
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([codes for _, codes in parts])


def _patches(parts: list[Part]) -> int:
    return sum(len(rows) for rows, _ in parts)
