"""What the benchmarks share: seconds of one piece of work, and ratios taken within rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Spread = tuple[float, tuple[float, float], int]


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def compared(works: Mapping[Name, Callable[[], object]], rounds: int) -> list[dict[Name, float]]:
    """Seconds of each piece of work in rounds, in an order that changes."""
    taken = []
    for at in range(rounds):
        order = list(works) if at % 2 else list(works)[::-1]
        taken.append({name: seconds(works[name]) for name in order})
    return taken


def ratio(rounds: Sequence[Mapping[Name, float]], of: Name, to: Name) -> Spread:
    """Ratio of two times of the same round."""
    return spread([one[of] / one[to] for one in rounds])


def spread(found: Sequence[float]) -> Spread:
    """Median, (least, largest) and number, as a row has them."""
    return statistics.median(found), (min(found), max(found)), len(found)
