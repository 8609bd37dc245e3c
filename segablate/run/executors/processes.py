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
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any, ClassVar

from segablate.child import THREAD_VARIABLES, Child, how, start
from segablate.errors import SegablateError
from segablate.measures.base import Needs, Progress, measures
from segablate.run.devices import VISIBLE, Gpus, gpus, uses_gpu
from segablate.run.executors.base import Findings, divided, executors, lost
from segablate.run.executors.worker import Message, main
from segablate.run.plan import Group
from segablate.run.store import Store
from segablate.run.work import Finding, Job

LOOK = 0.5  # seconds between two looks at whether a silent worker lives
GRACE = 5.0  # seconds a worker has to end by itself


@dataclass
class _Worker:
    group: Group
    process: Child
    gpu: str | None
    again: bool  # whether it goes on where a worker was killed
    reported: set[str] = field(default_factory=set)
    bars: dict[int, tuple[ExitStack, Callable[[int], None]]] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)


@executors.register()
class Processes:
    """One process a group; one that is killed or runs out of memory fails its cell, the rest go on.

    Args:
        jobs: how many at a time; with more than one, each uses as many threads as its measure says it needs.
        per_gpu: how many at a time may compute on one GPU.
    """

    elsewhere: ClassVar[bool] = False

    def __init__(self, *, jobs: int = 1, per_gpu: int = 1) -> None:
        self.jobs = jobs
        self.per_gpu = per_gpu

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups, `jobs` at a time, in their order; what waits for a GPU is overtaken."""
        waiting = [(group, False) for group in divided(groups, self.jobs)]
        on_gpu = any(uses_gpu(group.needs, job.device) for group, _ in waiting)
        lent = Gpus(gpus() if on_gpu else [], self.per_gpu)
        if on_gpu and not lent.names:
            raise SegablateError(f"`{VISIBLE}` hides every GPU", hint="unset it, or use `--device cpu`")
        workers: list[_Worker] = []
        try:
            while waiting or workers:
                while len(workers) < self.jobs and (begun := self._begin(waiting, job, lent)):
                    workers.append(begun)
                ready = wait([worker.process.pipe for worker in workers], timeout=LOOK)
                for worker in list(workers):
                    if worker.process.pipe not in ready and worker.process.code is None:
                        continue
                    ended = yield from _listen(worker, store, progress)
                    if ended:
                        workers.remove(worker)
                        _end(worker)
                        if worker.gpu is not None:
                            lent.give_back(worker.gpu)
                        why = how(worker.process.code, "the cell was measured")
                        seconds = time.perf_counter() - worker.began
                        group, done, again = worker.group, worker.reported, worker.again
                        rest = yield from lost(group, done, why, seconds, job, store, again=again)
                        if rest:
                            waiting.insert(0, (rest, True))
        finally:
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                _end(worker)

    def _begin(self, waiting: list[tuple[Group, bool]], job: Job, lent: Gpus) -> _Worker | None:
        """Start the first group that there is room for, if there is one."""
        for at, (group, again) in enumerate(waiting):
            needs, gpu = group.needs, None
            if uses_gpu(needs, job.device) and (gpu := lent.take()) is None:
                continue
            del waiting[at]
            environment = {**_threads(needs, self.jobs), **({} if gpu is None else {VISIBLE: gpu})}
            module = measures.part(group.measure.use).make.__module__
            script = module == "__main__"  # the measure is known only where that is run
            process = start(main, group, job.of(group), module, environment=environment, script=script)
            return _Worker(group, process, gpu, again)
        return None


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
            worker.reported.add(content.cell.key)
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


def _end(worker: _Worker) -> None:
    worker.process.end(GRACE)
    for stack, _ in worker.bars.values():
        stack.close()
    worker.bars.clear()


def _threads(needs: Needs, jobs: int) -> dict[str, str]:
    """Where several run each has the threads that it needs, but what the user has set stands; what is alone
    has as many as its key says.
    """
    names = [name for name in THREAD_VARIABLES if needs.alone or (jobs > 1 and name not in os.environ)]
    return dict.fromkeys(names, str(needs.cores))
