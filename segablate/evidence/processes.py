"""The same program started again: ratios of what each fresh process measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segablate.evidence.estimate import Estimate, estimate


def between_processes(baseline: Sequence[float], variant: Sequence[float]) -> Estimate:
    """The geometric mean of variant / baseline, paired by process: both ran in each, so drift hits both.

    Args:
        baseline: one number above zero a process, such as the median time.
        variant: likewise, in the same order of processes.

    Raises:
        ValueError: they are not as many, or not all above zero.
    """
    ours, theirs = np.asarray(variant, float), np.asarray(baseline, float)
    if ours.shape != theirs.shape or not (np.all(ours > 0) and np.all(theirs > 0)):
        raise ValueError("both sides need one number above zero for each of the same processes")
    return estimate(np.log(ours / theirs), "processes", 1.0, ratio=True)
