"""Intervals of medians and of ratios, against a plain bootstrap and against what is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from segablate.evidence.decide import Question, decide
from segablate.evidence.processes import between_processes
from segablate.evidence.ratio import half_width, interval_of_times, median_interval, ratio
from segablate.evidence.verdict import Kind


def session(rng: np.random.Generator, networks: int = 2, rounds: int = 200) -> list[list[float]]:
    """Networks of 10 ms in turn in one process, with the noise of a real one.

    What the process got (memory layout, clocks) shifts all by 1 % and each by 0.3 %, clocks wander, each pass
    scatters by 2 %, and one in fifty is interrupted.
    """
    drift = np.cumsum(rng.normal(0, 0.0005, rounds)) + rng.normal(0, 0.01)
    times = []
    for _ in range(networks):
        own = np.exp(drift + rng.normal(0, 0.003) + rng.normal(0, 0.02, rounds))
        hit = rng.random(rounds) < 0.02
        times.append(list(10 * own * np.where(hit, rng.uniform(1.2, 3, rounds), 1)))
    return times


def judged(variant: Sequence[Sequence[float]], baseline: Sequence[Sequence[float]]) -> Kind:
    ours, theirs = (np.median(side, axis=1) for side in (variant, baseline))
    return decide({0: Question(between_processes(theirs, ours), 0.02, "lower")})[0].kind


@pytest.mark.parametrize("processes", [3, 5])
def test_a_network_against_itself_is_undecided_or_equivalent(processes: int) -> None:
    kinds = []
    for run in range(100):
        rng = np.random.default_rng(run)
        first, second = zip(*(session(rng) for _ in range(processes)), strict=True)
        kinds.append(judged(second, first))
    assert sum(kind in ("undecided", "equivalent") for kind in kinds) >= 95
    assert kinds.count("equivalent") >= 50  # it is not merely silent


def test_a_twentieth_more_is_told() -> None:
    told = 0
    for run in range(50):
        rng = np.random.default_rng(run)
        pairs = [session(rng) for _ in range(5)]
        slower = [[1.05 * value for value in second] for _, second in pairs]
        told += judged(slower, [first for first, _ in pairs]) == "worse"
    assert told >= 45


@pytest.mark.parametrize("n", [5, 12, 41, 100])
def test_the_interval_of_a_median_is_that_of_drawing_again(n: int) -> None:
    samples = np.random.default_rng(n).gamma(3.0, 1.0, n)
    drawn = np.median(np.random.default_rng(1).choice(samples, (20_000, n)), axis=1)
    plain = np.quantile(drawn, (0.025, 0.975))
    scatter = 0.03 * (samples.max() - samples.min())
    assert median_interval(samples.tolist()) == pytest.approx(tuple(plain), abs=scatter)


def test_it_is_the_same_each_time_and_in_any_order() -> None:
    samples = np.random.default_rng(0).gamma(3.0, 1.0, 50).tolist()
    assert median_interval(samples) == median_interval(samples[::-1])


def test_equal_samples_have_no_width_and_one_has_no_end() -> None:
    assert half_width([2.0] * 10) == 0.0
    assert half_width([2.0]) == float("inf")


def test_the_interval_is_student_s_over_logarithms() -> None:
    found = ratio([[2.0], [2.2], [1.8]], [[1.0], [1.0], [1.0]])
    logs = np.log([2.0, 2.2, 1.8])
    half = 4.302653 * logs.std(ddof=1) / np.sqrt(3)
    assert found.value == pytest.approx(np.exp(logs.mean()))
    assert (found.low, found.high) == pytest.approx(
        (np.exp(logs.mean() - half), np.exp(logs.mean() + half)), rel=1e-5
    )
    assert interval_of_times([2.0, 2.2, 1.8]) == pytest.approx((found.low, found.high))


def test_within_one_process_the_medians_are_drawn_again() -> None:
    rng = np.random.default_rng(3)
    found = ratio([rng.normal(20, 1, 100)], [rng.normal(10, 1, 100)])
    assert found.n == 1
    assert found.low < 2.0 < found.high
    assert found.high - found.low < 0.2


def test_drift_that_hits_both_sides_is_not_in_the_interval() -> None:
    processes = [1.0, 1.5, 0.7, 2.0]
    found = ratio([[11.0 * p] for p in processes], [[10.0 * p] for p in processes])
    assert (found.low, found.high) == pytest.approx((1.1, 1.1))


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([[1.0]], [[1.0], [1.0]]), ([[1.0]], [[]])])
def test_sides_that_do_not_match_are_an_error(ours: list, theirs: list) -> None:
    with pytest.raises(ValueError, match="same processes"):
        ratio(ours, theirs)


@pytest.mark.parametrize("processes", [3, 10])
def test_a_ratio_has_the_interval_that_its_verdict_has(processes: int) -> None:
    rng = np.random.default_rng(0)
    base, variant = rng.normal(10, 0.2, (2, processes, 30))
    found = ratio(variant.tolist(), base.tolist())
    verdict = decide(
        {0: Question(between_processes(np.median(base, axis=1), np.median(variant, axis=1)), 0.02, "lower")}
    )[0]
    assert (found.value, found.low, found.high, found.n) == pytest.approx(
        (verdict.difference, verdict.low, verdict.high, verdict.n)
    )
