"""Whether a device is fit to be timed on: what it tells of itself, and five seconds of trying."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

import torch

from segablate.measures.timing.device import Device, Health
from segablate.measures.timing.flags import HOT
from segablate.measures.timing.nvml import driver
from segablate.measures.timing.worker import device_of
from segablate.run.machine import GIB, Check, Fitness

SECONDS = 5.0
WARM_UP = 0.1  # of the seconds
SIDE = 512  # of the matrices of the known kernel: 0.27 GFLOP
LEAST = 10
SCATTER = 0.05  # interquartile range over median up to which a machine is quiet
APART = 0.02  # share that the two clocks may be apart
LEAST_FREE = 4 * GIB


def checks(kind: str) -> list[Check]:
    """What `doctor` tells of a device, `cpu` or `cuda`."""
    device = device_of(kind)
    gpu_state = [*_of_cuda(device.health())] if kind == "cuda" else []
    return [*gpu_state, *_libraries(), *self_test(device)]


def self_test(device: Device, seconds: float = SECONDS) -> list[Check]:
    """The same matrix product again and again: how its times scatter, and whether two clocks agree on them.

    Args:
        device: where.
        seconds: how long, by the device's wall clock.
    """
    square = torch.ones(SIDE, SIDE, device=device.kind)
    inner: list[float] = []
    outer: list[float] = []
    began = device.now()
    while (lasted := device.now() - began) < seconds or len(inner) < LEAST:
        taken = device.time(lambda: torch.mm(square, square))
        if lasted >= WARM_UP * seconds:
            inner.append(taken.inner)
            outer.append(taken.outer)
    return [_scatter(inner), _clocks(sum(inner), sum(outer), device.kind)]


def _scatter(times: list[float]) -> Check:
    low, middle, high = statistics.quantiles(times, n=4)
    spread = (high - low) / middle
    fit: Fitness = "fine" if spread <= SCATTER else "doubt"
    hint = "" if fit == "fine" else "end what else is running, and fix the clocks"
    return Check("self-test", fit, f"{1e3 * middle:.3f} ms a kernel, {100 * spread:.1f} % scatter", hint)


def _clocks(inner: float, outer: float, kind: str) -> Check:
    apart = outer / inner - 1
    # a wall clock around a kernel on another device sees the launch too
    fit: Fitness = "fine" if apart >= -APART and (apart <= APART or kind == "cuda") else "doubt"
    hint = "" if fit == "fine" else "the timer cannot be trusted here: do not quote times"
    return Check("timer", fit, f"{100 * apart:+.1f} % by an outer clock", hint)


def _libraries() -> Iterator[Check]:
    names = {
        "CUDA": torch.version.cuda,
        "cuDNN": cast(Any, torch.backends.cudnn).version(),
        "Triton": _version("triton"),
    }
    versions = [f"{name} {number}" for name, number in names.items() if number]
    yield Check("libraries", "fine", ", ".join(versions) or "none for a GPU")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _of_cuda(health: Health) -> Iterator[Check]:
    free, total = torch.cuda.mem_get_info()
    fit: Fitness = "fine" if free >= LEAST_FREE else "doubt"
    hint = "" if fit == "fine" else "large inputs will not fit"
    yield Check("gpu memory", fit, f"{free / GIB:.1f} of {total / GIB:.1f} GiB free", hint)
    if health == Health():
        yield Check("gpu state", "doubt", "not told", "install the extra `nvml` for clocks and temperature")
        return
    yield Check("driver", "fine", driver() or "unknown")
    yield _doubt("gpu clock", f"{health.clock} of {health.top_clock} MHz", ", ".join(health.slowed))
    yield _doubt("gpu power", f"{health.power} of {health.power_limit} W", "")
    hot = (health.temperature or 0) >= HOT
    yield _doubt("gpu temperature", f"{health.temperature} °C", "cool it before measuring" if hot else "")
    yield _doubt("gpu processes", f"{health.others} others", "end them" if health.others else "")


def _doubt(name: str, value: str, hint: str) -> Check:
    return Check(name, "doubt" if hint else "fine", value, hint)
