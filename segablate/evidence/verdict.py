"""What is said of a difference: better, worse, equivalent, or that it cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["better", "worse", "equivalent", "undecided"]
Source = Literal["seeds", "images", "processes", "scenes", "count"]


@dataclass(frozen=True)
class Verdict:
    """One variant against the baseline, in one metric.

    Attributes:
        kind: better, worse, equivalent (inside ±margin) or undecided.
        difference: variant − baseline in the metric's stored unit; variant / baseline if `ratio`.
        low: lower end of the interval at `level`; equal to `high` for a count.
        high: upper end of it; NaN, as `low` is, where the data give none.
        level: confidence of the interval, such as 0.95.
        n: pairs (seeds), images or processes behind it.
        source: what was drawn again: seeds, test images, processes, seeds and scenes, or nothing for a count.
        margin: largest difference that does not matter, in the unit of `difference`; for a ratio, the
            largest |ratio − 1|.
        p: of "no difference", two-sided, Holm-adjusted within one table; None for a count.
        detectable: smallest difference this n tells from none, 8 times of 10; None where unknown.
        needed: how many seeds would decide it at the observed spread; None if decided or unknowable.
        ratio: whether `difference`, `low` and `high` are ratios.
    """

    kind: Kind
    difference: float
    low: float
    high: float
    level: float
    n: int
    source: Source
    margin: float
    p: float | None
    detectable: float | None
    needed: int | None
    ratio: bool = False

    @property
    def decided(self) -> bool:
        """Whether anything but "undecided" can be said."""
        return self.kind != "undecided"
