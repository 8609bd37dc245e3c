"""What this machine has for workers: GPUs, of which each is lent to one at a time, cores and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from segablate.measures.base import Needs
from segablate.run.machine import GIB, cores, memory
from segablate.run.plan import Group

VISIBLE = "CUDA_VISIBLE_DEVICES"


def gpus() -> list[str]:
    """The GPUs that this process may use, by the names that `CUDA_VISIBLE_DEVICES` has for them."""
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        return [name for word in visible.split(",") if (name := word.strip()) and name != "-1"]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


class Gpus:
    """The GPUs of a machine and how many workers each has.

    Args:
        names: as `CUDA_VISIBLE_DEVICES` names them.
        each: how many workers one may have at the same time.
    """

    def __init__(self, names: Sequence[str], each: int = 1) -> None:
        self._users = dict.fromkeys(names, 0)
        self._each = each

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._users)

    def take(self) -> str | None:
        """One that has room for a worker, of those that have the fewest; None if there is none."""
        name = min(self._users, key=lambda name: self._users[name], default=None)
        if name is None or self._users[name] >= self._each:
            return None
        self._users[name] += 1
        return name

    def give_back(self, name: str) -> None:
        """A worker has ended."""
        self._users[name] -= 1


def uses_gpu(needs: Needs, device: str) -> bool:
    """Whether a group computes on a GPU where networks run on `device`."""
    return device == "cuda" and needs.gpu != "never"


def jobs_that_fit(groups: Sequence[Group], device: str, each: int = 1) -> int:
    """How many groups fit on this machine at the same time: `--jobs auto`.

    Args:
        groups: that are to be run.
        device: where networks run.
        each: how many may share a GPU.
    """
    needs = [group.needs for group in groups if not group.exclusive]
    if not needs:
        return 1
    most_cores = max(int(need.cores) for need in needs)
    room = [cores() // most_cores, *_by_memory(max(need.memory for need in needs))]
    if any(uses_gpu(need, device) for need in needs):
        room.append(each * len(gpus()))
    return max(1, min(room))


def _by_memory(each: float) -> Iterator[int]:
    if there := memory():
        yield int(there / GIB // each)


def remark(jobs: int, groups: Sequence[Group], device: str, each: int = 1) -> str:
    """What a person should know who asks for more than there is; "" if nothing."""
    beside = [group for group in groups if not group.exclusive]
    computing = [group for group in beside if uses_gpu(group.needs, device)]
    if computing and min(jobs, len(computing)) > each * len(gpus()):
        many = f"{len(gpus())} GPUs with {each} each"
        return f"`--jobs {jobs}` is more than {many}: what needs one waits; `--per-gpu` lets more share one"
    if min(jobs, len(beside)) > cores():
        return f"`--jobs {jobs}` is more than the {cores()} cores here: they take turns; `--jobs auto` fits"
    return ""
