"""The baseline, and each other choice alone."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.study.designs import designs
from segablate.study.study import Axis


@designs.register("one-at-a-time")
def one_at_a_time(axes: Sequence[Axis], /) -> list[dict[str, int]]:
    """What does each choice do on its own?"""
    return [{}, *({axis.field: index} for axis in axes for index in range(1, len(axis.choices)))]
