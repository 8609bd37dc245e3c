"""Inside the fresh process: prepare the networks, and hold one session over all that could be prepared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from segablate.errors import SegablateError
from segablate.measures.timing.cpu import Cpu
from segablate.measures.timing.device import Device
from segablate.measures.timing.fresh import TimedOrError, TimingJob
from segablate.measures.timing.prepare import prepare, reworded
from segablate.measures.timing.session import Session, Subject, Timed
from segablate.models.gpu import numerics

BEAT = 0.5  # seconds between two words about how long timing has lasted


def device_of(kind: str) -> Device:
    """The device of that kind."""
    if kind == "cpu":
        return Cpu()
    from segablate.measures.timing.cuda import Cuda

    return Cuda()


def timed(
    job: TimingJob,
    at: Sequence[int],
    tell: Callable[[tuple[str, Any]], None],
    open_device: Callable[[str], Device] = device_of,
) -> dict[int, TimedOrError]:
    """A result or an error for each of the cells.

    Args:
        job: what to time; its cells agree in precision, device and threads.
        at: which of its cells.
        tell: called with ("preparing", index) before each network, with ("lasted", seconds) now and then.
        open_device: gives the device.
    """
    first = job.cells[at[0]]
    torch.set_num_threads(int(first["threads"]))
    device = open_device(str(first["device"]))
    # a network is timed at one size, so that trying algorithms pays
    with numerics(tf32=first["precision"] == "tf32", autotune=True):
        ready, lost = _prepared(job, at, device, tell)
        tell(("preparing", None))
        session = Session(list(ready.values()), device, job.rules, _beat(tell))
        with torch.inference_mode():
            results = dict(zip(ready, session.run(), strict=True))
    return lost | {index: _result(result, job.cells[index]) for index, result in results.items()}


def _prepared(
    job: TimingJob, at: Sequence[int], device: Device, tell: Callable[[tuple[str, Any]], None]
) -> tuple[dict[int, Subject], dict[int, TimedOrError]]:
    ready: dict[int, Subject] = {}
    lost: dict[int, TimedOrError] = {}
    for index in at:
        tell(("preparing", index))
        reads = job.cells[index]
        try:
            ready[index] = prepare(reads, device, seed=job.seed, allow_external=job.allow_external)
        except Exception as error:  # one network's failure is not the others'
            lost[index] = reworded(error, reads)
    return ready, lost


def _result(result: Timed | Exception, reads: Mapping[str, Any]) -> TimedOrError:
    return result if isinstance(result, Timed | SegablateError) else reworded(result, reads)


def _beat(tell: Callable[[tuple[str, Any]], None]) -> Callable[[float], None]:
    last = 0.0

    def lasted(seconds: float) -> None:
        nonlocal last
        if seconds - last >= BEAT:
            last = seconds
            tell(("lasted", seconds))

    return lasted
