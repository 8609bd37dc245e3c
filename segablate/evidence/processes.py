"""The same program started again: ratios of what each fresh process measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.estimate import Estimate, estimate
from segablate.evidence.pairs import Pairs


def between_processes(baseline: NDArray[np.float64], variant: NDArray[np.float64]) -> Estimate:
    """The geometric mean of variant / baseline, paired by process: both ran in each, so drift hits both.

    Args:
        baseline: one number above zero a process, such as the median time, shape (processes,).
        variant: likewise, in the same order of processes.

    Raises:
        ValueError: they are not as many, or not all above zero.
    """
    if variant.shape != baseline.shape or not (np.all(variant > 0) and np.all(baseline > 0)):
        raise ValueError("both sides need one number above zero for each of the same processes")
    return estimate(np.log(variant / baseline), "processes", 1.0, ratio=True)


def paired_processes(pairs: Pairs) -> Estimate:
    """The same of the processes in which both took more than no time at all."""
    timed = (pairs.baseline > 0) & (pairs.variant > 0)
    return between_processes(pairs.baseline[timed], pairs.variant[timed])
