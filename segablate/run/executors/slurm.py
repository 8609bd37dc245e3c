"""SLURM: one task of a job array a group, by submitit.

    driver ── group, in a file ──► task of an array: leases, measures, stores
       ▲                                │
       └── keys, in a file ─────────────┘   outcomes go through the store, which all nodes share

A task that runs out of time, or makes way for another, is queued again and goes on from the store. A task
that is killed fails its cell, as in `processes`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Literal

from segablate.errors import SegablateError, near_miss
from segablate.measures.base import Needs, Progress
from segablate.run.devices import uses_gpu
from segablate.run.executors.base import Findings, divided, executors
from segablate.run.executors.remote import (
    Answer,
    RemoteJob,
    identity,
    lost_elsewhere,
    perform,
    remote_job,
    reported,
)
from segablate.run.plan import Group
from segablate.run.store import Store
from segablate.run.work import Finding, Job

INSTALL = "pip install 'segablate[slurm]'"
LOOK = 0.5  # seconds between two looks at the files of the tasks
TIMEOUTS = 1000  # that a task may have: each goes on from where the last one was
MOST_AT_ONCE = 256  # tasks of an array, where nobody says otherwise
# what follows from what a measure needs, or is ours to say
OURS = frozenset({"job_name", "array_parallelism", "setup", "signal_delay_s", "ntasks_per_node", "nodes"})


@dataclass
class _Task:
    remote: RemoteJob
    again: bool = False  # whether it goes on where a task was killed


class Work:
    """What a task of an array runs; submitit asks it what to queue again when its time is up."""

    def __call__(self, remote: RemoteJob) -> Answer:
        """Work through a group."""
        return perform(remote)

    def checkpoint(self, remote: RemoteJob) -> Any:
        """The same once more: what is finished is in the store."""
        return import_module("submitit").helpers.DelayedSubmission(self, remote)


@executors.register()
class Slurm:
    """A job array of SLURM with a task a group, on the nodes of a partition.

    Args:
        jobs: how many tasks at the same time; 0 is 256.
        per_gpu: has to be 1: SLURM lends a GPU to one task.
        options: further options of `sbatch`, such as `partition`, `time` and `mem`.
        detach: whether to leave the array in the queue, and not to wait for it.
        cluster: `local` runs the tasks on this machine without SLURM, to try it.
    """

    elsewhere: ClassVar[bool] = True

    def __init__(
        self,
        *,
        jobs: int = 0,
        per_gpu: Literal[1] = 1,
        options: dict[str, str] | None = None,
        detach: bool = False,
        cluster: Literal["slurm", "local"] = "slurm",
    ) -> None:
        self.jobs = jobs
        self.options = dict(options or {})
        self.detach = detach
        self.cluster = cluster

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Queue all groups and wait for them; closing the iterator cancels what is queued."""
        submitit = _library()
        queue = _Queue(submitit, self, job, store)
        running: dict[Any, _Task] = {}
        try:
            for made, remote in queue.submit(divided(groups, self.jobs)):
                running[made] = _Task(remote)
            if self.detach:
                queue.tell_of(list(running))
                running.clear()
            while running:
                ended = [submitted for submitted in running if submitted.done()]
                for submitted in ended:
                    task = running.pop(submitted)
                    if rest := (yield from _take(submitted, task, store)):
                        running |= {made: _Task(remote, again=True) for made, remote in queue.submit([rest])}
                if not ended:
                    time.sleep(LOOK)
        finally:
            queue.cancel(list(running))


class _Queue:
    """Where tasks are queued."""

    def __init__(self, submitit: Any, ways: Slurm, job: Job, store: Store) -> None:
        self._ways = ways
        self._job = job
        self._store = store
        self._identity = identity(store.root)
        self._options = _checked(ways.options, submitit.SlurmExecutor._valid_parameters() - OURS)
        try:
            own = {f"{ways.cluster}_max_num_timeout": TIMEOUTS}
            folder = store.root.absolute() / "slurm"
            self._executor = submitit.AutoExecutor(folder, cluster=ways.cluster, **own)
        except RuntimeError as error:
            hint = "run it where `sbatch` and `srun` are, or use `--executor processes`"
            raise SegablateError("there is no SLURM here", hint=hint) from error

    def submit(self, groups: Sequence[Group]) -> Iterator[tuple[Any, RemoteJob]]:
        """Queue groups, those that need the same in one array."""
        alike: dict[Needs, list[RemoteJob]] = defaultdict(list)
        for group in groups:
            alike[group.needs].append(remote_job(group, self._job, self._identity))
        for needs, own in alike.items():
            self._executor.update_parameters(**self._resources(needs))
            with self._executor.batch():
                jobs = [self._executor.submit(Work(), remote) for remote in own]
            yield from zip(jobs, own, strict=True)

    def cancel(self, jobs: Sequence[Any]) -> None:
        """Take what is queued out of the queue, and end what runs."""
        arrays = {submitted.job_id.partition("_")[0]: submitted for submitted in jobs}
        for number, submitted in arrays.items():
            whole = (
                submitted if number == submitted.job_id else type(submitted)(submitted.paths.folder, number)
            )
            with suppress(Exception):  # it has ended already
                whole.cancel(check=False)
        for submitted in jobs if self._ways.cluster == "local" else ():
            while not submitted.done():
                time.sleep(LOOK / 10)

    def tell_of(self, jobs: Sequence[Any]) -> None:
        """Say what was left in the queue, how to look, and how to come back."""
        arrays = sorted({submitted.job_id.partition("_")[0] for submitted in jobs})
        self._store.tell(
            f"{len(jobs):,} tasks are queued as {', '.join(arrays)}: `segablate plan` shows what is done; "
            "the same command without `--detach` waits for the rest, and writes the report"
        )

    def _resources(self, needs: Needs) -> dict[str, Any]:
        gpu = uses_gpu(needs, self._job.device)
        resources: dict[str, Any] = {
            "cpus_per_task": int(needs.cores),
            "mem_gb": needs.memory,
            "name": "segablate",
        }
        resources |= {"gpus_per_node": 1} if gpu else {}
        resources |= {"timeout_min": minutes(self._options["time"])} if "time" in self._options else {}
        own = {name: value for name, value in self._options.items() if name != "time"}
        for name in own.keys() & {"cpus_per_task", "gpus_per_node"}:
            del resources[name]
        if "mem" in own:
            del resources["mem_gb"]
        parallel = {"array_parallelism": self._ways.jobs or MOST_AT_ONCE}
        return {**resources, **{f"slurm_{name}": value for name, value in {**own, **parallel}.items()}}


def _library() -> Any:
    try:
        return import_module("submitit")
    except ImportError as error:
        raise SegablateError("executor `slurm` needs submitit", hint=INSTALL) from error


def _checked(options: Mapping[str, str], known: frozenset[str]) -> dict[str, Any]:
    for name in options:
        if name not in known:
            raise SegablateError(f"`sbatch` has no option `{name}`", hint=near_miss(name, known))
    if "time" in options:
        minutes(options["time"])
    # submitit writes numbers as they are, and quotes what is text
    return {name: int(value) if value.isdecimal() else value for name, value in options.items()}


def minutes(text: str | int) -> int:
    """A time as `sbatch` writes it, in whole minutes: `90`, `1:30:00`, `2-12`; seconds count as one more.

    Raises:
        SegablateError: it is none.
    """
    days, dash, rest = str(text).rpartition("-")
    parts = rest.split(":")
    if len(parts) > 3 or not all(part.isdecimal() for part in [*parts, *([days] if dash else [])]):
        raise SegablateError(
            f"`time` is `{text}`, which is no time", hint="write minutes, as in `90`, or `1-12:30:00`"
        )
    numbers = [int(part) for part in parts]
    before = 0 if dash else {1: 1, 2: 1, 3: 0}[len(parts)]  # hours, which only follow days or come before all
    hours, least, seconds = ([0] * before + numbers + [0, 0])[:3]
    return max(1, 24 * 60 * int(days or 0) + 60 * hours + least + (seconds > 0))


def _take(submitted: Any, task: _Task, store: Store) -> Generator[Finding, None, Group | None]:
    """Report what became of a task; returns the cells that go on in its place."""
    error = submitted.exception()
    if error is None:
        yield from reported(submitted.result(), task.remote.group, store)
        return None
    state = str(submitted.state).lower()
    why = f"the task of SLURM ended before the cell was measured ({state}); see {submitted.paths.stderr}"
    return (yield from lost_elsewhere(task.remote, why, 0.0, store, again=task.again))
