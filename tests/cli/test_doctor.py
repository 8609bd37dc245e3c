"""`doctor` tells what it found, and its exit code whether there is a doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
        {"name": "load", "fitness": "doubt", "found": DOUBT.found, "hint": "something else is running"}
    ]
