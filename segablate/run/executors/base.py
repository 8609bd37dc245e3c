"""What an executor is: it works through groups of cells, and reports what was found of each as it comes.

A registered class in one file is all it takes; its keywords are what `run` may be given for it. These help:

| here | for |
|---|---|
| `segablate.run.work.work` | working through a group, wherever that is: leases, measures, stores |
| `divided` | more groups, where there are more workers than groups |
| `lost` | telling what a worker left open that was killed |
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol, TypeAlias

from segablate.disk.lease import BusyError, LostError
from segablate.errors import SegablateError
from segablate.measures.base import Progress
from segablate.registry import Registry
from segablate.run.plan import Group
from segablate.run.store import Store
from segablate.run.work import Finding, Job, keep

executors = Registry("executor", "segablate.run.executors")

Findings: TypeAlias = Generator[Finding, None, None]


class Executor(Protocol):
    """A way to run groups. Registered classes take their settings as keywords.

    Attributes:
        elsewhere: whether groups run on other machines, whose GPUs this one need not have.
    """

    elsewhere: ClassVar[bool]

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups; every cell is told once, and closing the iterator ends the work.

        Raises:
            SegablateError: the store cannot be written to.
        """


def divided(groups: Sequence[Group], workers: int) -> list[Group]:
    """At least as many groups as there are workers, if they can be divided so far; their order stays."""
    parts = list(groups)
    while len(parts) < workers:
        largest = max(parts, key=lambda group: len(group.cells) if group.needs.divisible else 1, default=None)
        if largest is None or len(largest.cells) < 2 or not largest.needs.divisible:
            break
        at, half = parts.index(largest), (len(largest.cells) + 1) // 2
        cells = largest.cells
        parts[at : at + 1] = [replace(largest, cells=cells[:half]), replace(largest, cells=cells[half:])]
    return parts


def lost(
    group: Group, reported: Collection[str], why: str, seconds: float, job: Job, store: Store, *, again: bool
) -> Generator[Finding, None, Group | None]:
    """Report what a worker left open that ended before it was through: the cell it was at has failed.

    Args:
        group: what it was to do.
        reported: keys of the cells that it has reported.
        why: how it ended.
        seconds: how long it lasted.
        job: what all groups have in common.
        store: keeps what is found.
        again: whether it went on where another was killed: that which has reported nothing loses all its
            cells, for it is not one of them but what they have in common.

    Returns:
        The cells that are left, to go on with.
    """
    left = [cell for cell in group.cells if cell.key not in reported]
    failed = left if again and not reported else left[:1]
    for cell in failed:
        try:
            with store.lease(cell) as lease:
                stored = job.newer(store, cell)  # it may have died between storing and telling
                outcome = stored or keep(store, cell, SegablateError(why), seconds, lease=lease)
        except (BusyError, LostError):
            yield Finding(cell, None)
        else:
            yield Finding(cell, outcome)
    rest = tuple(left[len(failed) :])
    return replace(group, cells=rest) if rest else None
