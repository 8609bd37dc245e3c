"""Each flag is raised by what it is about, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segablate.measures.timing.device import Health
from segablate.measures.timing.flags import RULES, flags
from segablate.measures.timing.protocols import Rules
from segablate.measures.timing.session import Timed

GPU = Health(clock=1980, top_clock=1980, temperature=55, power=400, power_limit=700, others=0)
CPU = Health(load=0.5, governor="performance", cores=2, threads=1)
FINE = Timed(
    samples=(10.0,) * 20,
    outer=(10.02,) * 20,
    fps=(100.0,) * 3,
    peak=None,
    busy=0.95,
    stopped="bound",
    half_width=0.004,
    settled=True,
    health=(GPU, GPU),
)
RAISED = {
    "throttled": [
        {"health": (GPU, replace(GPU, clock=1500))},
        {"health": (replace(GPU, temperature=88),)},
        {"health": (replace(GPU, slowed=("hardware thermal slowdown",)),)},
    ],
    "power-limit": [
        {"health": (replace(GPU, power=699),)},
        {"health": (replace(GPU, slowed=("power cap",)),)},
    ],
    "shared-device": [{"health": (replace(GPU, others=2),)}],
    "load": [
        {"health": (replace(CPU, load=1.0),)},
        {"health": (CPU, replace(CPU, beside=0.1), replace(CPU, beside=0.5))},
    ],
    "governor": [{"health": (replace(CPU, governor="powersave"),)}],
    "threads": [{"health": (replace(CPU, load=0.0, threads=4),)}],
    "unsettled": [{"settled": False}],
    "noise": [{"half_width": 0.02, "stopped": "cap"}],
    "launch-bound": [{"busy": 0.4}],
    "clock": [{"outer": (9.0,) * 20}, {"outer": (12.0,) * 20}],
}


def test_a_quiet_device_has_no_flag() -> None:
    assert flags(FINE, Rules()) == ()
    assert flags(replace(FINE, health=(CPU, CPU), busy=None), Rules()) == ()


def test_a_device_that_tells_nothing_has_no_flag() -> None:
    assert flags(replace(FINE, health=(Health(),)), Rules()) == ()


@pytest.mark.parametrize(("name", "change"), [(name, one) for name, own in RAISED.items() for one in own])
def test_what_it_is_about_raises_it_alone_and_it_has_a_remedy(name: str, change: dict) -> None:
    (flag,) = flags(replace(FINE, **change), Rules())
    assert flag.name == name
    assert flag.detail
    assert flag.remedy


def test_every_flag_of_the_list_is_tested() -> None:
    assert len(RAISED) == len(RULES)


def test_what_ran_before_the_timing_is_no_flag() -> None:
    before = replace(CPU, load=1.0, beside=0.9)
    assert flags(replace(FINE, health=(before, replace(before, beside=0.02)), busy=None), Rules()) == ()


def test_without_a_bound_noise_is_no_flag() -> None:
    assert flags(replace(FINE, half_width=0.5), Rules(bound=0.0)) == ()
