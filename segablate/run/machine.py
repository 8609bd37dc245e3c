"""The machine: what stands beside every number, and whether it is fit to measure on."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from segablate.child import THREAD_VARIABLES
from segablate.errors import SegablateError

GIB = 2**30
LEAST_MEMORY = 2 * GIB  # what the largest ceiling of the shipped studies may take
LEAST_DISK = 1 * GIB
BUSY_SHARE = 0.25  # load per core above which timings are not to be trusted
Fitness = Literal["fine", "doubt"]


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what.
        fitness: whether it stands in the way of good measurements.
        value: what was found.
        hint: what to do about it; "" where nothing need be done.
    """

    name: str
    fitness: Fitness
    value: str
    hint: str = ""


def describe() -> dict[str, Any]:
    """Processor, memory, system and versions: what a number may depend on, without the host's name.

    torch is asked only if something has imported it already.
    """
    facts: dict[str, Any] = dict(_hardware())
    torch = sys.modules.get("torch")
    if torch is not None:
        facts["torch"] = str(torch.__version__)
        facts["threads"] = int(torch.get_num_threads())
        if torch.cuda.is_available():
            facts["gpu"] = str(torch.cuda.get_device_name())
    return facts


def pick_device(wanted: str, *, elsewhere: bool = False) -> str:
    """`cpu` or `cuda` for `auto`, or the device asked for if it is there.

    Args:
        wanted: `auto`, `cpu` or `cuda`.
        elsewhere: whether it is another machine that has the device, which is taken on trust.

    Raises:
        SegablateError: there is no such device.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise SegablateError(f"there is no device `{wanted}`", hint="there are `auto`, `cpu`, `cuda`")
    if wanted == "cpu" or (wanted == "cuda" and elsewhere):
        return wanted
    # torch takes a second to import: where there is no driver there is nothing to ask it
    if os.path.exists("/dev/nvidiactl") or os.path.exists("/dev/dxg"):
        import torch

        if torch.cuda.is_available():
            return "cuda"
    if wanted == "cuda":
        raise SegablateError("there is no CUDA device here", hint="use `--device cpu`, or leave it out")
    return "cpu"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory this process may use: the machine's, or its container's limit; 0 if unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
    limit = _read("/sys/fs/cgroup/memory.max") or _read("/sys/fs/cgroup/memory/memory.limit_in_bytes")
    return min(total, int(limit)) if limit.isdigit() else total


def checks(store: Path, *, ask_torch: bool = False) -> list[Check]:
    """What `doctor` tells.

    Args:
        store: the folder whose disk is looked at; it need not exist.
        ask_torch: import torch if nothing has yet.
    """
    results = [_cores(), _load(), *_governor(), *_threads(), _memory(), _disk(store)]
    if ask_torch or "torch" in sys.modules:
        results += _torch()
    return results


@functools.cache
def _hardware() -> dict[str, Any]:
    facts: dict[str, Any] = {
        "cpu": _cpu(),
        "cores": cores(),
        "memory_gb": round(memory() / GIB, 1),
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for package in ("segablate", "numpy", "scipy"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return facts


def _cpu() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _cores() -> Check:
    usable, there = cores(), os.cpu_count() or 1
    return Check("cores", "fine", f"{usable} of {there} may be used")


def _load() -> Check:
    load = os.getloadavg()[0]
    fit: Fitness = "fine" if load <= BUSY_SHARE * cores() else "doubt"
    hint = "" if fit == "fine" else "something else is running: timings will be too long and will scatter"
    return Check("load", fit, f"{load:.2f} over the last minute", hint)


def _governor() -> Iterator[Check]:
    paths = sorted(Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor"))
    governors = sorted({governor for path in paths if (governor := _read(str(path)))})
    if governors:
        fit: Fitness = "fine" if governors == ["performance"] else "doubt"
        hint = "" if fit == "fine" else "timings depend on the clock: set the governor to `performance`"
        yield Check("governor", fit, ", ".join(governors), hint)


def _threads() -> Iterator[Check]:
    for name in THREAD_VARIABLES:
        wanted = os.environ.get(name, "")
        if wanted.isdigit():
            fit: Fitness = "fine" if int(wanted) <= cores() else "doubt"
            hint = "" if fit == "fine" else f"more threads than cores are slower: set it to {cores()}"
            yield Check(name, fit, wanted, hint)


def _memory() -> Check:
    fit: Fitness = "doubt" if 0 < memory() < LEAST_MEMORY else "fine"
    hint = "" if fit == "fine" else "the largest shipped study takes up to 2 GiB"
    return Check("memory", fit, f"{memory() / GIB:.1f} GiB" if memory() else "unknown", hint)


def _disk(store: Path) -> Check:
    there = next(folder for folder in (store.absolute(), *store.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK):
        return Check("disk", "doubt", f"{there} cannot be written to", "choose another place with `--store`")
    fit: Fitness = "fine" if free >= LEAST_DISK else "doubt"
    hint = "" if fit == "fine" else "make room for the store"
    return Check("disk", fit, f"{free / GIB:.1f} GiB free", hint)


def _torch() -> Iterator[Check]:
    try:
        import torch
    except ImportError:
        yield Check("torch", "doubt", "not installed", "measures that need a network cannot run")
        return
    threads = torch.get_num_threads()
    fit: Fitness = "fine" if threads <= cores() else "doubt"
    hint = "" if fit == "fine" else f"set OMP_NUM_THREADS to {cores()} or less"
    yield Check("torch", fit, f"{torch.__version__}, {threads} threads", hint)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    yield Check("gpu", "fine", name)
