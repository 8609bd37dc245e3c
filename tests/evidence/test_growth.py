"""How a time grows: local exponents with intervals, and whether one exponent is enough."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segablate.evidence.growth import scaling

AMOUNTS = [2.0**n for n in range(4, 8)]


def times(law: list[float], processes: int, spread: float = 0.01) -> list[list[float]]:
    rng = np.random.default_rng(5)
    return [(np.array(law) * np.exp(rng.normal(0, spread, len(law)))).tolist() for _ in range(processes)]


@pytest.mark.parametrize("exponent", [1.0, 0.4])
def test_a_power_law_has_one_exponent_which_fits(exponent: float) -> None:
    found = scaling(AMOUNTS, times([x**exponent for x in AMOUNTS], 8))
    assert found.overall.value == pytest.approx(exponent, abs=3 * found.overall.half)
    assert found.fits is True
    assert found.residual < 0.02
    for one in found.local:
        assert abs(one.value - exponent) <= 2 * one.half
    assert [(one.low, one.high) for one in found.local] == [(16, 32), (32, 64), (64, 128)]


def test_a_fixed_part_is_no_power_law_although_its_slope_is_known_well() -> None:
    found = scaling(AMOUNTS, times([20 + x for x in AMOUNTS], 8, 0.005))
    assert found.overall.half < 0.01
    assert found.fits is False
    assert found.residual > 0.05
    # from what is launched to what is computed
    assert [one.value for one in found.local] == sorted(one.value for one in found.local)
    assert found.local[0].value + found.local[0].half < found.local[-1].value - found.local[-1].half


def test_one_process_cannot_tell_and_equal_processes_can() -> None:
    law = [3 * x for x in AMOUNTS]
    single = scaling(AMOUNTS, [law])
    assert (single.fits, math.isinf(single.overall.half)) == (None, True)
    assert scaling(AMOUNTS, [law, law]).fits is True
    assert scaling(AMOUNTS, [[x + 10 for x in AMOUNTS]] * 2).fits is False


def test_a_true_power_law_is_seldom_called_none() -> None:
    rng = np.random.default_rng(0)
    told = [
        scaling(AMOUNTS, (np.array(AMOUNTS) * np.exp(rng.normal(0, 0.02, (5, 4)))).tolist()).fits
        for _ in range(400)
    ]
    assert told.count(False) / len(told) < 0.07


def test_between_equal_amounts_there_is_no_exponent() -> None:
    found = scaling([4.0, 8.0, 8.0, 16.0], [[4.0, 8.0, 8.1, 16.0]])
    assert [(one.low, one.high) for one in found.local] == [(4, 8), (8, 16)]
