"""What the benchmarks share: seconds of one piece of work, and ratios taken within rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def ratio(rounds: Sequence[Mapping[Name, float]], of: Name, to: Name) -> tuple[float, float, float]:
    """Median, least and largest ratio of two times of the same round."""
    found = [one[of] / one[to] for one in rounds]
    return statistics.median(found), min(found), max(found)
