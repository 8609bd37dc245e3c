"""All axes walked in step: first with first, second with second."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.errors import SegablateError
from segablate.study.designs import designs
from segablate.study.study import Axis


@designs.register("zip")
def zip_(axes: Sequence[Axis], /) -> list[dict[str, int]]:
    """As many variants as each axis has choices.

    Raises:
        SegablateError: the axes are not equally long.
    """
    lengths = {axis.field: len(axis.choices) for axis in axes}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"`{field}` has {count}" for field, count in lengths.items())
        raise SegablateError(f"design `zip` needs axes with equally many choices: {counts}")
    steps = next(iter(lengths.values()), 1)
    return [dict.fromkeys(lengths, step) for step in range(steps)]
