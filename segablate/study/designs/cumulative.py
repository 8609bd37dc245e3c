"""From the baseline to everything on, one axis after another."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.study.designs import designs
from segablate.study.study import Axis


@designs.register("cumulative")
def cumulative(axes: Sequence[Axis], /) -> list[dict[str, int]]:
    """What does each step add to those before it?

    Axes are switched from their first to their last choice in the order they are written.
    """
    steps: list[dict[str, int]] = [{}]
    for axis in axes:
        if len(axis.choices) > 1:
            steps.append({**steps[-1], axis.field: len(axis.choices) - 1})
    return steps
