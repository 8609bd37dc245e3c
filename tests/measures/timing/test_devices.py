"""Clocks against other clocks, on the CPU and, where there is one, on a GPU."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from segablate.errors import SegablateError
from segablate.measures.timing import cpu
from segablate.measures.timing.cpu import Cpu
from segablate.measures.timing.device import Device
from segablate.measures.timing.numerics import check_precision
from segablate.measures.timing.worker import device_of

KINDS = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]
# a busy machine may take the processor away between two looks at the clocks: once of five times it does not
TRIES = 5


@pytest.fixture(params=KINDS)
def device(request: pytest.FixtureRequest) -> Device:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    return device_of(request.param)


@pytest.fixture
def work(device: Device) -> Callable[[], torch.Tensor]:
    """Some milliseconds of a matrix product."""
    side = 512 if device.kind == "cpu" else 4096
    square = torch.ones(side, side, device=device.kind)
    return lambda: torch.mm(square, square)


def test_the_timer_agrees_with_an_outer_clock_around_the_very_same_loop(
    device: Device, work: Callable[[], torch.Tensor]
) -> None:
    apart = []
    for _ in range(TRIES):
        began = time.monotonic_ns()
        taken = [device.time(work) for _ in range(20)]
        outside = (time.monotonic_ns() - began) * 1e-9
        inner, outer = sum(one.inner for one in taken), sum(one.outer for one in taken)
        assert inner <= outer * 1.001
        assert outer <= outside * 1.001
        apart.append(outside / inner - 1)
    assert min(apart) < 0.05


def test_a_stream_of_passes_is_as_long_as_an_outer_clock_says(
    device: Device, work: Callable[[], torch.Tensor]
) -> None:
    apart = []
    for _ in range(TRIES):
        began = time.monotonic_ns()
        seconds = device.stream(work, 20)
        outside = (time.monotonic_ns() - began) * 1e-9
        assert seconds <= outside * 1.001
        apart.append(outside / seconds - 1)
    assert min(apart) < 0.05


def test_a_device_tells_what_it_can(device: Device, work: Callable[[], torch.Tensor]) -> None:
    device.flush()
    assert device.name
    assert device.cache > 0
    assert device.health().cores or device.kind == "cuda"
    if device.kind == "cpu":
        assert (device.peak(work), device.busy(work)) == (None, None)


@pytest.mark.cuda
def test_memory_and_work_are_counted_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    device = device_of("cuda")
    square = torch.ones(4096, 4096, device="cuda")
    work = lambda: torch.mm(square, square)  # noqa: E731  # timed as it is called, by name
    work()
    assert device.peak(work) == 4 * 4096**2
    share = device.busy(work)
    assert share is not None
    assert 0.3 < share <= 1.0


def test_a_precision_that_would_be_emulated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SegablateError, match="does not compute in `tf32`"):
        check_precision("tf32", "cpu")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Example GPU")
    with pytest.raises(SegablateError, match="Example GPU does not compute in `bf16`"):
        check_precision("bf16", "cuda")
    check_precision("fp16", "cuda")


def test_the_cpu_s_two_clocks_are_two() -> None:
    assert Cpu().now() != pytest.approx(time.perf_counter(), abs=1e-9)


def test_what_the_system_counts_of_the_own_cores_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = [
        "cpu  9 9 9 9 9 9 9 9 0 0",
        "cpu0 100 20 30 5000 70 3 2 25 50 0",
        "cpu1 100 0 0 5000 0 0 0 0 0 0",
    ]
    (tmp_path / "stat").write_text("\n".join([*lines, "cpu2 7 0 0 0 0 0 0 0 0 0", "intr 5", ""]))
    monkeypatch.setattr(cpu, "STAT", tmp_path / "stat")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1}, raising=False)
    assert cpu._busy() == (180 + 100) / os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(cpu, "STAT", tmp_path / "nowhere")
    assert cpu._busy() is None


def test_others_are_seen_in_the_time_since_the_last_look_and_own_work_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = [(0.0, 0.0, 100.0), (1.0, 1.0, 101.2), (1.1, 1.1, 101.4), (2.0, 1.5, 102.7), (3.0, 1.5, None)]
    scripted = iter([cpu._Moment(*moment) for moment in moments])
    monkeypatch.setattr(cpu._Moment, "now", lambda: next(scripted))
    monkeypatch.setattr(cpu, "cores", lambda: 2)
    device = Cpu()
    seen = [device.health().beside for _ in range(4)]
    assert [None if share is None else round(share, 6) for share in seen] == [0.1, None, 0.5, None]
