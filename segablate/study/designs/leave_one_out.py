"""The baseline, everything on, and everything but one."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.study.designs import designs
from segablate.study.study import Axis


@designs.register("leave-one-out")
def leave_one_out(axes: Sequence[Axis], /) -> list[dict[str, int]]:
    """What is lost when one thing is taken away?

    "On" is an axis's last choice, "away" its first. An axis of one choice has nothing to take away.
    """
    full = {axis.field: len(axis.choices) - 1 for axis in axes if len(axis.choices) > 1}
    if len(full) < 2:
        return [{}, full] if full else [{}]
    return [{}, full, *({**full, field: 0} for field in full)]
