"""Ray: one task a group, on the nodes of a cluster, or of one that is started here.

    driver ── group ──► task on a node: leases, measures, stores
       ▲                     │
       └── keys ─────────────┘   outcomes go through the store, which all nodes share

Core tasks, each in a process of its own (`max_calls=1`) with the cores and GPUs that its measure needs. A
task that is killed fails its cell, as in `processes`; the groups of a node that dies are begun elsewhere.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from segablate.errors import SegablateError
from segablate.measures.base import Progress
from segablate.run.devices import gpus, uses_gpu
from segablate.run.executors.base import Findings, divided, executors
from segablate.run.executors.remote import (
    IDENTITY,
    RemoteJob,
    identity,
    lost_elsewhere,
    perform,
    remote_job,
    reported,
    unfit,
)
from segablate.run.machine import cores
from segablate.run.plan import Group
from segablate.run.provenance import provenance
from segablate.run.store import Store
from segablate.run.work import Finding, Job

ADDRESS = "RAY_ADDRESS"
INSTALL = "pip install 'segablate[ray]'"
LOOK = 0.5  # seconds between two looks
GRACE = 5.0  # seconds a task has to end by itself
CHECK = 120.0  # seconds in which a node has to say what it has
ANSWER = 20.0  # seconds in which the head of a cluster has to answer


@dataclass
class _Task:
    remote: RemoteJob
    again: bool  # whether it goes on where a task was killed
    began: float = field(default_factory=time.perf_counter)


@executors.register()
class Ray:
    """A task of Ray a group, on the cluster at `RAY_ADDRESS`, or on one that is started here.

    Args:
        jobs: how many groups at a time on one node; 0 is as many as there are cores or GPUs for.
        per_gpu: how many at a time may compute on one GPU.
    """

    elsewhere: ClassVar[bool] = True

    def __init__(self, *, jobs: int = 0, per_gpu: int = 1) -> None:
        self.jobs = jobs
        self.per_gpu = per_gpu

    def run(self, groups: Sequence[Group], job: Job, store: Store, progress: Progress) -> Findings:
        """Work through all groups; a group whose node dies is begun anew on another."""
        ray = _library()
        with _connected(ray):
            nodes = [node for node in ray.nodes() if node["Alive"]]
            _check(ray, nodes, store.root.absolute())
            if "GPU" not in ray.cluster_resources() and any(
                uses_gpu(group.needs, job.device) for group in groups
            ):
                store.tell("no node of the cluster has a GPU: what needs one waits for a node that has")
            each = int(min(node["Resources"].get("CPU", 0) for node in nodes)) or 1
            running: dict[Any, _Task] = {}

            def begin(group: Group, again: bool) -> None:
                remote = remote_job(group, job, identity(store.root))
                running[self._remote(ray, group, job, each).remote(remote)] = _Task(remote, again)

            try:
                for group in divided(groups, int(ray.cluster_resources().get("CPU", 1))):
                    begin(group, False)
                while running:
                    for ref in ray.wait(list(running), timeout=LOOK)[0]:
                        task = running.pop(ref)
                        if rest := (yield from _take(ray, ref, task, job, store)):
                            begin(*rest)
            finally:
                _cancel(ray, list(running))

    def _remote(self, ray: Any, group: Group, job: Job, cores: int) -> Any:
        needs = group.needs
        return ray.remote(
            # so that a node has no more of them than `jobs`
            num_cpus=min(cores, max(int(needs.cores), cores // self.jobs if self.jobs else 1)),
            num_gpus=1 / self.per_gpu if uses_gpu(needs, job.device) else 0,
            max_calls=1,
            max_retries=0,
        )(perform)


def _library() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return import_module("ray")
    except ImportError as error:
        raise SegablateError("executor `ray` needs Ray", hint=INSTALL) from error


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """A connection to the cluster at `RAY_ADDRESS`, or to one on this machine that ends with it."""
    if ray.is_initialized():  # by who has called this
        yield
        return
    with ExitStack() as held:
        held.callback(ray.shutdown)
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if address := os.environ.get(ADDRESS):
            with _refused(address):
                _reach(address)  # Ray itself tries for a quarter of an hour
                ray.init(address=address, **quiet)
        else:
            temporary = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
            folder = held.enter_context(temporary)
            own = {"_node_ip_address": "127.0.0.1", "_temp_dir": folder, "include_dashboard": False}
            ray.init(num_cpus=cores(), num_gpus=len(gpus()), **own, **quiet)
        yield


def _reach(address: str) -> None:
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()


@contextmanager
def _refused(address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = f"start one by `ray start --head`, or unset `{ADDRESS}` for one on this machine"
        raise SegablateError(f"no cluster of Ray answers at `{address}`", hint=hint) from error
    except RuntimeError as error:
        if "ersion" not in str(error):
            raise
        why = " ".join(str(error).split())
        raise SegablateError(f"the cluster at `{address}` has other versions: {why}") from error


def _check(ray: Any, nodes: Sequence[dict[str, Any]], root: Path) -> None:
    """Ask every node for its version of segablate and for the store.

    Raises:
        SegablateError: one has not the same; it is named.
    """
    affinity = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    wanted = identity(root)
    answers = {}
    for node in nodes:
        place = affinity(node_id=node["NodeID"], soft=False)
        options = {"num_cpus": 0, "scheduling_strategy": place}
        name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
        answers[name] = ray.remote(**options)(_what_is_there()).remote(str(root / IDENTITY))
    for name, answer in answers.items():
        try:
            version, there = ray.get(answer, timeout=CHECK)
        except ray.exceptions.GetTimeoutError as error:
            raise SegablateError(f"node `{name}` did not answer within {CHECK:g} s") from error
        except (ray.exceptions.NodeDiedError, ray.exceptions.TaskUnschedulableError):
            continue  # it has died since it was listed
        if problem := unfit(name, version, provenance().version, root, there == wanted):
            raise problem


def _what_is_there() -> Callable[[str], tuple[str, str]]:
    # a function in a function goes to the node as it is, so that it runs where there is no segablate too
    def what_is_there(path: str) -> tuple[str, str]:
        from importlib.metadata import PackageNotFoundError, version

        try:
            there = version("segablate")
        except PackageNotFoundError:
            there = ""
        try:
            with open(path) as file:
                return there, file.read()
        except OSError:
            return there, ""

    return what_is_there


def _take(
    ray: Any, ref: Any, task: _Task, job: Job, store: Store
) -> Generator[Finding, None, tuple[Group, bool] | None]:
    """Report what became of a task; returns what goes on in its place, and whether a task was killed."""
    group = task.remote.group
    try:
        yield from reported(ray.get(ref), group, store)
        return None
    except ray.exceptions.NodeDiedError:
        store.tell(f"a node has died: {len(group.cells)} of its cells begin again elsewhere")
        store.take_over(group.cells, task.remote.sign)
        return group, task.again
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        why = "the task was ended from outside before the cell was measured"
        if isinstance(error, ray.exceptions.OutOfMemoryError):
            why = "the node ran out of memory before the cell was measured"
    rest = yield from lost_elsewhere(
        task.remote, why, time.perf_counter() - task.began, store, again=task.again
    )
    return (rest, True) if rest else None


def _cancel(ray: Any, running: list[Any]) -> None:
    """End tasks: first so that they give their leases back, then so that nothing is left."""
    for force in (False, True):
        for ref in running:
            with suppress(Exception):  # it has ended already, in whatever way
                ray.cancel(ref, force=force)
        if running and not force:
            running = ray.wait(running, num_returns=len(running), timeout=GRACE)[1]
