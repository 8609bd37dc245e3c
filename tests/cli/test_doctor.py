"""`doctor` tells what it found, and its exit code whether there is a doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.measures.timing.device import Timing
from segablate.run.fitness import self_test
from segablate.run.machine import Check

FINE = Check("cores", "fine", "2 of 2 may be used")
DOUBT = Check("load", "doubt", "1.90 over the last minute", "something else is running")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Decide what the checks find."""

    def decide(*checks: Check) -> None:
        monkeypatch.setattr("segablate.run.machine.checks", lambda store, ask_torch: list(checks))
        monkeypatch.setattr("segablate.run.fitness.checks", lambda kind: [])

    return decide


def test_a_machine_without_a_doubt_is_exit_code_0(segablate: Callable, found: Callable) -> None:
    found(FINE)
    assert segablate("doctor").code == 0


def test_a_doubt_is_exit_code_4_and_is_told_with_its_hint(segablate: Callable, found: Callable) -> None:
    found(FINE, DOUBT)
    said = segablate("doctor")
    assert said.code == 4
    assert "load   doubt  1.90 over the last minute  something else is running" in said.out


def test_the_document_has_the_machine_and_the_checks(segablate: Callable, found: Callable) -> None:
    found(DOUBT)
    told = segablate("doctor", "--json").document
    assert {"cpu", "cores", "python", "numpy"} <= set(told["machine"])
    assert told["checks"] == [
        {"name": "load", "fitness": "doubt", "found": DOUBT.value, "hint": "something else is running"}
    ]


class Steady:
    """A device whose passes take a millisecond, give or take."""

    kind = "cpu"

    def __init__(self, scatter: float, launch: float) -> None:
        self.clock, self.scatter, self.launch, self.passes = 0.0, scatter, launch, 0

    def now(self) -> float:
        return self.clock

    def time(self, call: Callable[[], object]) -> Timing:
        self.passes += 1
        seconds = 0.001 * (1 + self.scatter * (-1) ** self.passes)
        self.clock += seconds + self.launch
        return Timing(seconds, seconds + self.launch)


@pytest.mark.parametrize(
    ("scatter", "launch", "fit"),
    [(0.0, 0.0, ["fine", "fine"]), (0.2, 0.0, ["doubt", "fine"]), (0.0, 0.0005, ["fine", "doubt"])],
)
def test_the_machine_is_tried_for_five_seconds(scatter: float, launch: float, fit: list[str]) -> None:
    device = Steady(scatter, launch)
    found = self_test(device)  # type: ignore[arg-type]
    assert [one.name for one in found] == ["self-test", "timer"]
    assert [one.fitness for one in found] == fit
    assert device.clock == pytest.approx(5.0, abs=0.01)
    assert all(bool(one.hint) == (one.fitness == "doubt") for one in found)


def test_one_screen_is_the_golden_one(
    segablate: Callable, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]
) -> None:
    gpu = [
        Check("gpu memory", "fine", "77.1 of 79.1 GiB free"),
        Check("driver", "fine", "570.86"),
        Check("gpu clock", "fine", "1980 of 1980 MHz"),
        Check("gpu processes", "doubt", "1 others", "end them"),
        Check("libraries", "fine", "CUDA 12.8, cuDNN 91002, Triton 3.9.0"),
        *self_test(Steady(0.0, 0.0)),  # type: ignore[arg-type]
    ]
    monkeypatch.setattr("segablate.run.machine.checks", lambda store, ask_torch: [FINE, DOUBT])
    monkeypatch.setattr(
        "segablate.run.machine.describe", lambda: {"cpu": "Example CPU", "gpu": "Example GPU"}
    )
    monkeypatch.setattr("segablate.run.fitness.checks", lambda kind: gpu)
    golden("doctor.txt", segablate("doctor").out)
