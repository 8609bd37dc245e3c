"""What is read of NVIDIA's driver, on fakes: no GPU is needed to get it right."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from segablate.measures.timing import nvml
from segablate.measures.timing.device import Health


class NVMLError(Exception):
    """As the driver's."""


class Driver:
    """A driver of two devices, of which the second is slow, hot and shared; it does not tell its power."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0

    def __init__(self, by_uuid: dict[str, int]) -> None:
        self.by_uuid = by_uuid
        self.open = 0

    def nvmlInit(self) -> None:  # noqa: N802  # the driver's name
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802  # likewise
        self.open -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:  # noqa: N802  # likewise
        if uuid not in self.by_uuid:
            raise NVMLError
        return self.by_uuid[uuid]

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802  # likewise
        return index

    def __getattr__(self, name: str) -> Any:
        slow = {
            "nvmlDeviceGetCurrentClocksThrottleReasons": 0x1 | 0x20 | 0x40,
            "nvmlDeviceGetComputeRunningProcesses": [
                SimpleNamespace(pid=os.getpid()),
                SimpleNamespace(pid=1),
            ],
            "nvmlDeviceGetClockInfo": 900,
            "nvmlDeviceGetMaxClockInfo": 1980,
            "nvmlDeviceGetTemperature": 88,
            "nvmlDeviceGetEnforcedPowerLimit": 700_000,
        }
        fine = {**slow, "nvmlDeviceGetCurrentClocksThrottleReasons": 0x1, "nvmlDeviceGetTemperature": 40}

        def ask(device: int, *what: int) -> Any:
            told = slow if device else fine
            if name not in told:
                raise NVMLError
            return told[name]

        return ask


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver({"GPU-b": 1})
    monkeypatch.setitem(sys.modules, "pynvml", made)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def test_a_driver_s_words_become_a_device_s_health(driver: Driver) -> None:
    assert nvml.health(1) == Health(
        clock=900,
        top_clock=1980,
        temperature=88,
        power=None,
        power_limit=700.0,
        slowed=("software thermal slowdown", "hardware thermal slowdown"),
        others=1,
    )
    assert driver.open == 0


def test_an_idle_device_is_not_slowed(driver: Driver) -> None:
    assert nvml.health(0).slowed == ()


def test_a_device_is_found_by_its_name_whatever_its_number(driver: Driver) -> None:
    assert nvml.health(0, "b").temperature == 88
    assert nvml.health(0, "of a part of a device").temperature == 40


def test_of_the_devices_that_cuda_is_shown_the_number_is_the_driver_s(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert nvml.health(0).temperature == 88
