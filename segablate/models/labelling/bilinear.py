"""Bilinear interpolation and arg max on the CPU: most pixels are known without interpolating.

        a ─────── a        a ─────── a        a ─────── b
        │ all a   │        │ a or b  │        │ any     │
        a ─────── a        a ─────── b        c ─────── a
        decided            two classes        open

A pixel's scores are a weighted mean of those of the four cells around it. Where one class leads in all four
it leads everywhere between them: the whole gap is decided. Where two classes share the lead, and no third one
ever exceeds the mean of these two, the sign of their difference tells which. Only what is then left is
interpolated for all classes; if that is much, as it is where the scores are noise, the plane is done densely,
a few rows at a time so that they stay in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from segablate.models.labelling.axis import Axis, axis
from segablate.models.labelling.plain import label_type
from segablate.models.labelling.running import keep_best

# above this share of open gaps the dense way is faster: it takes 5.5 µs a gap, the other one 14 µs
MANY = 0.35
# so many rows of pixels, or gaps, at a time, that what is computed stays in a cache of 1 to 2 MB
BAND = 32
GAPS = 512


@dataclass(frozen=True)
class Grid:
    """Where the pixels lie between the cells.

    Attributes:
        rows: from top to bottom.
        columns: from left to right.
    """

    rows: Axis
    columns: Axis

    @classmethod
    def of(
        cls,
        cells: tuple[int, int],
        whole: tuple[int, int],
        kept: tuple[int, int],
        *,
        align_corners: bool,
        dtype: torch.dtype = torch.float32,
    ) -> Grid:
        """The grid of an enlargement from `cells` to `whole` pixels, of which the first `kept` are wanted.

        Raises:
            ValueError: there are fewer pixels than are wanted.
        """
        down, across = (axis(*sizes, align_corners, dtype) for sizes in zip(cells, whole, kept, strict=True))
        return cls(down, across)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return len(self.rows.gap), len(self.columns.gap)


def labels(code: Tensor, grid: Grid) -> Tensor:
    """Class scores of cells → labels of pixels.

    Args:
        code: (batch, classes, h, w) on the CPU, finite, in the grid's type.
        grid: of h × w cells.

    Returns:
        (batch, height, width).
    """
    gaps = Gaps(code, grid)
    if gaps.open.numel() > MANY * gaps.total:
        return dense(code, grid)
    label = gaps.decided()
    for part in torch.split(gaps.pairs, 8 * GAPS):
        gaps.fill_pairs(label, part)
    for part in torch.split(gaps.open, GAPS):
        gaps.fill_open(label, part)
    return label


class Gaps:
    """The gaps between the cells of a batch, sorted by how hard they are.

    Args:
        code: (batch, classes, h, w).
        grid: of h × w cells.

    Attributes:
        total: how many there are.
        pairs: (n,) numbers of the gaps which two classes share.
        open: (n,) numbers of those where there may be more.
    """

    def __init__(self, code: Tensor, grid: Grid) -> None:
        self.grid = grid
        self.scores = code.permute(0, 2, 3, 1).flatten(0, 2).contiguous()
        batch, self.classes, height, width = code.shape
        rows, columns = grid.rows, grid.columns
        self.shape = (batch, len(rows.low), len(columns.low))
        self.total = batch * len(rows.low) * len(columns.low)
        line = torch.arange(batch)[:, None, None] * height
        # (4, gaps): the cells at upper left, upper right, lower left and lower right
        self.corners = torch.stack(
            [
                ((line + down[:, None]) * width + across).flatten()
                for down in (rows.low, rows.high)
                for across in (columns.low, columns.high)
            ]
        )
        self.leaders = self.scores.argmax(1)[self.corners]
        self.pairs, self.open = self._sorted()

    def _sorted(self) -> tuple[Tensor, Tensor]:
        first, last = self.leaders.amin(0), self.leaders.amax(0)
        seen = (self.grid.rows.count > 0)[:, None] & (self.grid.columns.count > 0)
        mixed = ((first != last).view(self.shape) & seen).flatten().nonzero()[:, 0]
        leaders = self.leaders[:, mixed]
        two = ((leaders == first[mixed]) | (leaders == last[mixed])).all(0)
        shared = mixed[two]
        both = torch.stack([first[shared], last[shared]], 1).expand(4, -1, -1)
        score = self.scores[self.corners[:, shared]]
        mean = score.gather(2, both).mean(2)
        # what never exceeds the mean of two numbers never exceeds the larger one
        clear = (score.scatter(2, both, -torch.inf).amax(2) <= mean).all(0)
        return shared[clear], torch.cat([shared[~clear], mixed[~two]])

    def decided(self) -> Tensor:
        """(batch, height, width): the class that leads in the upper left cell of each gap."""
        label = self.leaders[0].to(label_type(self.classes)).view(self.shape)
        return label[:, self.grid.rows.gap][:, :, self.grid.columns.gap]

    def fill_pairs(self, label: Tensor, gaps: Tensor) -> None:
        """Write the labels of gaps which two classes share."""
        leaders = self.leaders[:, gaps]
        first, last = leaders.amin(0), leaders.amax(0)
        corners = self.corners[:, gaps]
        ahead = self.scores[corners, first] - self.scores[corners, last]
        place, down, across = self._pixels(gaps)
        left = torch.lerp(ahead[0][:, None], ahead[2][:, None], down)
        right = torch.lerp(ahead[1][:, None], ahead[3][:, None], down)
        between = torch.lerp(left[:, :, None], right[:, :, None], across[:, None, :])
        first, last = (each.to(label.dtype)[:, None, None] for each in (first, last))
        label.view(-1)[place] = torch.where(between >= 0, first, last)

    def fill_open(self, label: Tensor, gaps: Tensor) -> None:
        """Write the labels of gaps where any class may lead."""
        place, down, across = self._pixels(gaps)
        upper, left = 1 - down, 1 - across
        weights = torch.stack(
            [
                vertical[:, :, None] * horizontal[:, None, :]
                for vertical in (upper, down)
                for horizontal in (left, across)
            ],
            -1,
        )
        score = self.scores[self.corners[:, gaps].T]
        best = torch.bmm(weights.flatten(1, 2), score).argmax(2)
        label.view(-1)[place] = best.to(label.dtype).view(place.shape)

    def _pixels(self, gaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where the pixels (n, p, q) of some gaps are in the batch, how far down (n, p) and across (n, q).

        Gaps with fewer pixels than the largest name their last ones again.
        """
        _, down, across = self.shape
        height, width = self.grid.size
        y = _span(self.grid.rows, gaps // across % down)
        x = _span(self.grid.columns, gaps % across)
        line = (gaps // (down * across) * height)[:, None] + y
        place = (line * width)[:, :, None] + x[:, None, :]
        return place, self.grid.rows.near[y], self.grid.columns.near[x]


def _span(along: Axis, gap: Tensor) -> Tensor:
    steps = torch.arange(along.longest)
    return along.first[gap][:, None] + torch.minimum(steps, (along.count[gap] - 1)[:, None])


def dense(code: Tensor, grid: Grid) -> Tensor:
    """As `labels`, whatever the scores: interpolate a band of rows, class by class, and keep the best."""
    height, width = grid.size
    batch, classes, _, _ = code.shape
    label = torch.empty(batch, height, width, dtype=label_type(classes))
    vertical, horizontal = grid.rows.weights, grid.columns.weights.T.contiguous()
    for scores, plane in zip(code, label, strict=True):
        wide = scores @ horizontal
        for top in range(0, height, BAND):
            _label_band(wide, vertical[top : top + BAND], plane[top : top + BAND])
    return label


def _label_band(wide: Tensor, vertical: Tensor, label: Tensor) -> None:
    # of all rows of cells only those that reach this band
    reached = vertical.any(0).nonzero()
    rows = slice(int(reached[0]), int(reached[-1]) + 1)
    weights = vertical[:, rows].contiguous()
    keep_best((weights @ scores for scores in wide[:, rows]), label)
