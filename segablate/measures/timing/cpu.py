"""The CPU as a device: what has returned is done, so a clock around the call is all there is."""

from __future__ import annotations

import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from segablate.measures.timing.device import Call, Health, Timing

CACHE_TIMES = 2  # so many times its size is written to clear a cache
USUAL_CACHE = 2**21  # bytes of a core's second-level cache where the system does not tell
CPUS = Path("/sys/devices/system/cpu")
STAT = Path("/proc/stat")
WORK = (0, 1, 2, 5, 6, 7)  # of a core's numbers there: user, nice, system, interrupts twice, stolen
SHORTEST = 0.5  # seconds between two looks at what others do: the system counts in hundredths


class Cpu:
    """The processor that torch computes on.

    Its second-level caches are flushed, not what cores share: on a rented machine that is as large as the
    machine and other people's too.
    """

    kind = "cpu"

    def __init__(self) -> None:
        self.name = cpu_name()
        self.cache = _cache() * cores()
        self._other = torch.zeros(CACHE_TIMES * self.cache // 4)
        self._before = _Moment.now()

    def now(self) -> float:
        """See `Device`; not the clock that times a pass."""
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW if hasattr(time, "CLOCK_MONOTONIC_RAW") else 1)

    def time(self, call: Call) -> Timing:
        """See `Device`."""
        outer = self.now()
        began = time.perf_counter_ns()
        call()
        inner = time.perf_counter_ns() - began
        return Timing(inner * 1e-9, self.now() - outer)

    def stream(self, call: Call, times: int) -> float:
        """See `Device`."""
        began = time.perf_counter_ns()
        for _ in range(times):
            call()
        return (time.perf_counter_ns() - began) * 1e-9

    def flush(self) -> None:
        """See `Device`."""
        self._other.add_(1)

    def peak(self, call: Call) -> int | None:
        """Nobody counts what torch takes on a CPU."""
        return None

    def busy(self, call: Call) -> float | None:
        """Calling and computing are one here."""
        return None

    def health(self) -> Health:
        """See `Device`."""
        return Health(
            load=os.getloadavg()[0] / cores(),
            beside=self._beside(),
            governor=governor(),
            cores=cores(),
            threads=torch.get_num_threads(),
        )

    def _beside(self) -> float | None:
        """Share of the cores' time that others took since the last look; None where there is no telling."""
        now, before = _Moment.now(), self._before
        lasted = now.clock - before.clock
        if lasted < SHORTEST:
            return None
        self._before = now
        if now.busy is None or before.busy is None:
            return None
        return max(0.0, (now.busy - before.busy - (now.own - before.own)) / lasted / cores())


@dataclass(frozen=True)
class _Moment:
    """Seconds of the wall clock, of this process's work, and of all work on the cores it may use."""

    clock: float
    own: float
    busy: float | None

    @classmethod
    def now(cls) -> _Moment:
        return cls(time.monotonic(), time.process_time(), _busy())


def cpu_name() -> str:
    """What its maker calls the processor."""
    match = re.search(r"^model name\s*:\s*(.+)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    return " ".join(match[1].split()) if match else platform.processor() or platform.machine()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def governor() -> str | None:
    """What decides the cores' clocks; None where the system does not tell."""
    paths = sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    return ", ".join(sorted({_read(path) for path in paths} - {""})) or None


def _busy() -> float | None:
    """Seconds that the cores have worked since the machine began, and that its host took from them."""
    mine = {f"cpu{core}" for core in os.sched_getaffinity(0)} if hasattr(os, "sched_getaffinity") else set()
    rows = [row[1:] for line in _read(STAT).splitlines() if (row := line.split()) and row[0] in mine]
    ticks = sum(int(row[at]) for row in rows for at in WORK if at < len(row))
    return ticks / os.sysconf("SC_CLK_TCK") if rows else None


def _cache() -> int:
    """Bytes of one core's second-level cache."""
    for folder in sorted((CPUS / "cpu0/cache").glob("index*")):
        size = re.fullmatch(r"(\d+)K", _read(folder / "size"))
        if _read(folder / "level") == "2" and size:
            return int(size[1]) * 1024
    return USUAL_CACHE


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
