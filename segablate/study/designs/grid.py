"""Every choice of every axis with every other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from segablate.errors import SegablateError
from segablate.study.designs import designs
from segablate.study.study import Axis

MOST = 100_000


@designs.register("grid")
def grid(axes: Sequence[Axis], /) -> list[dict[str, int]]:
    """All combinations, the last axis changing fastest.

    Raises:
        SegablateError: there are more than anyone could run.
    """
    count = math.prod(len(axis.choices) for axis in axes)
    if count > MOST:
        raise SegablateError(f"the grid has {count:,} variants", hint="`one-at-a-time` grows with the sum")
    fields = [axis.field for axis in axes]
    return [
        dict(zip(fields, picked, strict=True))
        for picked in itertools.product(*(range(len(axis.choices)) for axis in axes))
    ]
