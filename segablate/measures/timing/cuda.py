"""A CUDA device: events on its own stream time a pass, and a wall clock around it keeps them honest.

        flush ─ synchronise ─ clock ─[event]─ kernels of the pass ─[event]─ synchronise ─ clock
                              └─ outer ─────────────────────────────────────────────────┘

The device is idle when a pass begins, so a pass that the CPU cannot launch fast enough takes as long as the
launching: that is latency too, and `busy` tells its share.
"""

from __future__ import annotations

import time
from typing import Any, cast

import torch
from torch.profiler import ProfilerActivity, profile

from segablate.measures.timing import nvml
from segablate.measures.timing.device import Call, Health, Timing
from segablate.models.gpu import at_work

CACHE_TIMES = 2
USUAL_CACHE = 2**26  # bytes, where the driver does not tell


class Cuda:
    """The current CUDA device."""

    kind = "cuda"

    def __init__(self) -> None:
        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        self.name = str(properties.name)
        self._uuid = str(getattr(properties, "uuid", ""))
        self.cache = int(getattr(properties, "L2_cache_size", 0)) or USUAL_CACHE
        self._other = torch.zeros(CACHE_TIMES * self.cache // 4, device="cuda")
        self._began, self._ended = (_event() for _ in range(2))

    def now(self) -> float:
        """See `Device`."""
        return time.perf_counter()

    def time(self, call: Call) -> Timing:
        """See `Device`."""
        torch.cuda.synchronize()
        outer = time.perf_counter_ns()
        self._began.record()
        call()
        self._ended.record()
        torch.cuda.synchronize()
        outer = time.perf_counter_ns() - outer
        return Timing(self._began.elapsed_time(self._ended) * 1e-3, outer * 1e-9)

    def stream(self, call: Call, times: int) -> float:
        """See `Device`."""
        torch.cuda.synchronize()
        began = time.perf_counter_ns()
        for _ in range(times):
            call()
        torch.cuda.synchronize()
        return (time.perf_counter_ns() - began) * 1e-9

    def flush(self) -> None:
        """See `Device`."""
        self._other.add_(1)

    def peak(self, call: Call) -> int | None:
        """See `Device`; of torch's own allocator, so weights and captured graphs from before do not count."""
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_allocated()) - before

    def busy(self, call: Call) -> float | None:
        """See `Device`: time in kernels and copies over the whole pass, by the profiler."""
        wall = self.time(call).inner
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA], acc_events=True) as profiled:
            call()
            torch.cuda.synchronize()
        seconds = at_work(profiled.events() or ())
        return min(1.0, seconds / wall) if seconds and wall > 0 else None

    def health(self) -> Health:
        """See `Device`."""
        return nvml.health(torch.cuda.current_device(), self._uuid)


def _event() -> Any:
    # torch's own annotations leave this call untyped
    return cast(Any, torch.cuda.Event)(enable_timing=True)
