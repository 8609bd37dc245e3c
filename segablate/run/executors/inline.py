"""Inline: one group after the other, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import ClassVar

from segablate.measures.base import Progress
from segablate.run.context import StoreContext
from segablate.run.executors.base import Findings, executors
from segablate.run.plan import Group
from segablate.run.store import Store
from segablate.run.work import Job, work


@executors.register()
class Inline:
    """One group after the other, in this process: nothing to start, nothing to go wrong between processes."""

    elsewhere: ClassVar[bool] = False

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups in their order."""
        ctx = StoreContext(store, job.device, progress, allow_external=job.allow_external, anew=job.anew)
        for group in groups:
            with closing(work(group, job, store, ctx)) as findings:
                yield from findings
