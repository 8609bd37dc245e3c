"""What the driver tells of an NVIDIA device. Optional: without `nvidia-ml-py` nothing is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from segablate.measures.timing.device import Health

# the driver's bits that mean: slower than asked for (0x1 idle and 0x2 application clocks are no fault)
SLOWED = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}


def health(index: int, uuid: str = "") -> Health:
    """How a device is; empty without the package or where the driver refuses.

    Args:
        index: its number, as CUDA counts.
        uuid: its name that no other has, where it is known: the driver may count in another order.
    """
    try:
        import pynvml
    except ImportError:
        return Health()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return Health()
    try:
        return _health(pynvml, _handle(pynvml, index, uuid))
    except pynvml.NVMLError:
        return Health()
    finally:
        pynvml.nvmlShutdown()


def driver() -> str:
    """The driver's version; "" where it is unknown."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # NVMLError has a class for each code, and the package may be missing
        return ""
    try:
        return str(pynvml.nvmlSystemGetDriverVersion())
    finally:
        pynvml.nvmlShutdown()


def _handle(pynvml: Any, index: int, uuid: str) -> Any:
    if uuid:
        try:
            return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        except pynvml.NVMLError:  # a part of a device has a name of another kind
            pass
    return pynvml.nvmlDeviceGetHandleByIndex(_physical(index))


def _health(pynvml: Any, device: Any) -> Health:
    def value(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except pynvml.NVMLError:  # not every device and not every container tells everything
            return None

    reasons = value(lambda: pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(device)) or 0
    running = value(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(device))
    power = value(lambda: pynvml.nvmlDeviceGetPowerUsage(device))
    limit = value(lambda: pynvml.nvmlDeviceGetEnforcedPowerLimit(device))
    return Health(
        clock=value(lambda: pynvml.nvmlDeviceGetClockInfo(device, pynvml.NVML_CLOCK_SM)),
        top_clock=value(lambda: pynvml.nvmlDeviceGetMaxClockInfo(device, pynvml.NVML_CLOCK_SM)),
        temperature=value(lambda: pynvml.nvmlDeviceGetTemperature(device, pynvml.NVML_TEMPERATURE_GPU)),
        power=None if power is None else power / 1000,
        power_limit=None if limit is None else limit / 1000,
        slowed=tuple(word for bit, word in SLOWED.items() if reasons & bit),
        others=None if running is None else _others([int(process.pid) for process in running]),
    )


def _others(pids: list[int]) -> int:
    """How many of them are not this one; in a container one's own number may be another outside."""
    return len(pids) - 1 if os.getpid() not in pids and pids else sum(pid != os.getpid() for pid in pids)


def _physical(index: int) -> int:
    """The driver's number of a device: CUDA may have been shown only some of them."""
    shown = [word for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word.strip().isdigit()]
    return int(shown[index]) if index < len(shown) else index
