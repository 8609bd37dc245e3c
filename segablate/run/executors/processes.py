"""Processes: one process a group, so that one that is killed takes nothing else with it.

    parent ── starts ──► worker: leases, measures, stores
      ▲                     │
      └──── one pipe each ──┘   findings, bars, notices, errors

Workers hold the leases and write the store themselves, and end when the parent does, so a killed
parent leaves dead leases and nothing half done. They are spawned, not forked: torch and threads do
not survive a fork.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

from segablate.child import THREAD_VARIABLES, Child, how, start
from segablate.disk.lease import BusyError, LostError
from segablate.errors import SegablateError
from segablate.measures.base import measures
from segablate.run.executors.base import Findings, executors
from segablate.run.executors.worker import Message, main
from segablate.run.plan import Cell, Group
from segablate.run.shop import Progress
from segablate.run.store import Store
from segablate.run.work import Finding, Job, keep

LOOK = 0.5  # seconds between two looks at whether a silent worker lives
GRACE = 5.0  # seconds a worker has to end by itself


@dataclass
class _Worker:
    group: Group
    process: Child
    again: bool  # whether it goes on where a worker was killed
    told: set[str] = field(default_factory=set)
    bars: dict[int, tuple[ExitStack, Callable[[int], None]]] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.group.cells if cell.key not in self.told)


@executors.register()
class Processes:
    """One process a group; one that is killed or runs out of memory fails its cell, the rest go on.

    Args:
        jobs: how many at a time; with more than one, each uses one thread but what has the machine to itself.
    """

    def __init__(self, *, jobs: int = 1) -> None:
        self.jobs = jobs

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups, `jobs` at a time, in their order."""
        queue = deque((group, False) for group in groups)
        workers: list[_Worker] = []
        try:
            while queue or workers:
                while queue and len(workers) < self.jobs:
                    workers.append(_start(*queue.popleft(), job, jobs=self.jobs))
                ready = wait([worker.process.pipe for worker in workers], timeout=LOOK)
                for worker in list(workers):
                    if worker.process.pipe not in ready and worker.process.code is None:
                        continue
                    ended = yield from _listen(worker, store, progress)
                    if ended:
                        workers.remove(worker)
                        queue.extendleft((rest, True) for rest in (yield from _after(worker, job, store)))
        finally:
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                _end(worker)


def _start(group: Group, again: bool, job: Job, *, jobs: int) -> _Worker:
    module = measures.part(group.measure.use).make.__module__
    script = module == "__main__"  # the measure is known only where that is run
    process = start(main, group, job.of(group), module, environment=_threads(group, jobs), script=script)
    return _Worker(group, process, again)


def _listen(worker: _Worker, store: Store, progress: Progress) -> Generator[Finding, None, bool]:
    """Take what the worker has said; returns whether it has ended."""
    while True:
        alive = worker.process.code is None
        try:
            if not worker.process.pipe.poll():
                # asked before the pipe: what was said last is in it by now
                return not alive
            kind, content = worker.process.pipe.recv()
        except (EOFError, ConnectionError):
            return True
        if kind is Message.FINDING:
            worker.told.add(content.cell.key)
            yield content
        elif kind is Message.ERROR:
            raise content
        elif kind is Message.NOTICE:
            store.tell(content)
        else:
            _show(worker, kind, content, progress)


def _show(worker: _Worker, kind: Message, content: Any, progress: Progress) -> None:
    if kind is Message.OPEN:
        number, what, total = content
        stack = ExitStack()
        bar: AbstractContextManager[Callable[[int], None]] = progress(what, total)
        worker.bars[number] = (stack, stack.enter_context(bar))
    elif kind is Message.ADVANCE:
        number, done = content
        worker.bars[number][1](done)
    elif kind is Message.CLOSE and content in worker.bars:
        worker.bars.pop(content)[0].close()


def _after(worker: _Worker, job: Job, store: Store) -> Generator[Finding, None, list[Group]]:
    """Tell what a worker left open; returns the groups that go on in its place."""
    _end(worker)
    left = list(worker.left)
    if not left:
        return []
    error = SegablateError(how(worker.process.code, "the cell was measured"))
    # killed twice without a result: it is not one cell but what they have in common
    lost = left if worker.again and not worker.told else left[:1]
    for cell in lost:
        yield _lost(cell, error, worker, job, store)
    rest = tuple(left[len(lost) :])
    return [Group(worker.group.measure, worker.group.seed, rest)] if rest else []


def _lost(cell: Cell, error: SegablateError, worker: _Worker, job: Job, store: Store) -> Finding:
    try:
        with store.lease(cell) as lease:
            stored = job.newer(store, cell)  # it may have died between storing and telling
            seconds = time.perf_counter() - worker.began
            return Finding(cell, stored or keep(store, cell, error, seconds, lease=lease))
    except (BusyError, LostError):
        return Finding(cell, None)


def _end(worker: _Worker) -> None:
    worker.process.end(GRACE)
    for stack, _ in worker.bars.values():
        stack.close()
    worker.bars.clear()


def _threads(group: Group, jobs: int) -> dict[str, str]:
    """One thread a worker where several run, what the user has set stands; alone, as many as the key says."""
    said = group.cells[0].reads.get("threads")
    if group.exclusive:
        return {} if said is None else dict.fromkeys(THREAD_VARIABLES, str(said))
    return {name: "1" for name in THREAD_VARIABLES if jobs > 1 and name not in os.environ}
