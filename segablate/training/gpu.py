"""What training owes a GPU: batches that it need not wait for, and a look at how busy it is.

start ── AFTER steps ──┬── STEPS steps, kernels and copies noted ──┬── the rest, unobserved
                  synchronise                                 synchronise
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from segablate.models.gpu import at_work

AFTER = 20  # steps in which memory is reserved and algorithms are tried
STEPS = 10


def sent(array: np.ndarray, device: str | torch.device) -> Tensor:
    """An array as a tensor on a device; a GPU need not be done with what it was asked before.

    From page-locked memory a copy takes its place in the GPU's queue and nobody waits for it; torch keeps
    that memory until the copy is done. Whatever thread asks the GPU for something later asks in the same
    queue, and finds the tensor whole.
    """
    tensor = torch.from_numpy(array)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


class Watch:
    """Looks for some steps of a training at how much of the time its GPU is at work.

    Args:
        device: where training runs; a CPU is not watched.
        busy: what was found before a stop, if it was.

    Attributes:
        busy: share of those steps' time in which a kernel or a copy ran; None where there is no telling.
    """

    def __init__(self, device: str, busy: float | None) -> None:
        self.busy = busy
        self._wanted = device == "cuda" and busy is None
        self._steps = 0
        self._since = 0.0
        self._profiler: Any = None  # torch leaves its methods untyped

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._profiler is not None:
            self._profiler.stop()

    def step(self) -> float:
        """Begin or end to look, when it is time; called after each step, tells the seconds it took itself."""
        self._steps += self._wanted
        if self._steps not in (AFTER, AFTER + STEPS):
            return 0.0
        began = time.perf_counter()
        torch.cuda.synchronize()
        if self._profiler is None:
            # what is asked of the host is not noted: that would slow it down
            self._profiler = profile(activities=[ProfilerActivity.CUDA], acc_events=True)
            self._profiler.start()
            self._since = time.perf_counter()
        else:
            self._end(time.perf_counter() - self._since)
        return time.perf_counter() - began

    def _end(self, wall: float) -> None:
        profiler, self._profiler, self._wanted = self._profiler, None, False
        self._steps = 0
        profiler.stop()
        seconds = at_work(profiler.events() or ())
        # a driver that lets nobody look tells of no kernel at all
        self.busy = min(1.0, seconds / wall) if seconds else None
