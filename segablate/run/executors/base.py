"""What an executor is: it works through groups of cells, and tells each finding as it comes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, TypeAlias

from segablate.registry import Registry
from segablate.run.plan import Group
from segablate.run.shop import Progress
from segablate.run.store import Store
from segablate.run.work import Finding, Job

executors = Registry("executor", "segablate.run.executors")

Findings: TypeAlias = Generator[Finding, None, None]


class Executor(Protocol):
    """A way to run groups. Registered classes take their settings as keywords."""

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups; every cell is told once, and closing the iterator ends the work.

        Raises:
            SegablateError: the store cannot be written to.
        """
