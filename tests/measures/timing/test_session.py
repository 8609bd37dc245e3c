"""The protocol, driven by a device with scripted times: nothing here waits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segablate.measures.timing.protocols import Rules, rules
from segablate.measures.timing.session import PATIENCE, TURNS, WINDOW, Session, Subject


def test_networks_take_turns_from_the_first_pass_to_the_last(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.01), "B": fakes.always(0.02), "C": fakes.always(0.03)})
    fakes.run(device, replace(quick, most=20, bound=0.0))
    timed = "".join(device.ran[:66])
    assert timed == "ABC" * 22


def test_a_cache_is_flushed_before_each_timed_pass_and_not_in_the_warm_up(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.01), "B": fakes.always(0.01)})
    fakes.run(device, replace(quick, l2="flush", most=3, bound=0.0))
    assert "".join(device.ran).startswith("ABAB" + "~A~B" * 3)
    assert device.ran.count("~") == 6


def test_timing_ends_when_every_median_is_known_to_the_bound(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.001), "B": fakes.always(0.002)})
    found = fakes.run(device, replace(quick, cap=100.0))
    assert {one.stopped for one in found.values()} == {"bound"}
    assert {len(one.samples) for one in found.values()} == {10}
    assert all(one.half_width <= 0.005 for one in found.values())


def test_all_go_on_until_the_noisiest_is_known(fakes: Any, quick: Rules) -> None:
    noise = np.random.default_rng(0).lognormal(np.log(0.001), 0.05, 100_000)
    device = fakes.Fake({"quiet": fakes.always(0.001), "noisy": iter(noise)})
    subjects = [Subject(lambda: "quiet"), Subject(lambda: "noisy")]
    quiet, noisy = Session(subjects, device, replace(quick, cap=100.0)).run()
    assert len(quiet.samples) == len(noisy.samples) > 100
    assert noisy.stopped == "bound"
    assert noisy.half_width <= 0.005


def test_at_the_cap_it_ends_and_says_so(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.jumping(0.1, 0.3), "B": fakes.jumping(0.1, 0.3)})
    found = fakes.run(device, replace(quick, cap=2.0))
    assert found["A"].stopped == "cap"
    assert len(found["A"].samples) == pytest.approx(2.0 / 0.1, abs=2)
    assert found["A"].half_width > 0.005


def test_the_cap_leaves_a_few_passes_of_a_slow_network(fakes: Any, quick: Rules) -> None:
    found = fakes.run(fakes.Fake({"A": fakes.always(10.0)}), replace(quick, cap=0.001))
    assert len(found["A"].samples) == quick.least


def test_there_are_never_more_passes_than_the_rules_allow(fakes: Any, quick: Rules) -> None:
    found = fakes.run(
        fakes.Fake({"A": fakes.jumping(1e-6, 0.5)}), replace(quick, cap=100.0, bound=1e-9, most=50)
    )
    assert (len(found["A"].samples), found["A"].stopped) == (50, "most")


def test_the_warm_up_lasts_its_time_though_the_windows_agree_at_once(fakes: Any) -> None:
    device = fakes.Fake({"A": fakes.always(0.1)})
    fakes.run(device, Rules(l2="warm", warm_up=2.0, most=1, bound=0.0))
    turns = TURNS * round(0.3 / 0.1)
    assert len(device.ran) - 1 - turns == pytest.approx(2.0 / 0.1, abs=1)


def test_the_warm_up_goes_on_until_the_last_windows_agree(fakes: Any) -> None:
    falling = itertools.chain((1.0 * 0.9**i for i in range(40)), fakes.always(0.0148))
    device = fakes.Fake({"A": falling})
    found = fakes.run(device, Rules(l2="warm", warm_up=2.0, most=5, bound=0.0))["A"]
    assert found.settled
    assert set(found.samples) == {14.8}


def test_a_warm_up_that_never_settles_ends_and_is_told(fakes: Any) -> None:
    growing = (0.01 * 1.05**i for i in range(10_000))
    device = fakes.Fake({"A": growing})
    found = fakes.run(device, Rules(l2="warm", warm_up=1.0, most=1, bound=0.0))["A"]
    assert not found.settled
    assert device.ran.count("A") > 2 * WINDOW
    assert device.clock < 3 * PATIENCE


def test_throughput_is_measured_and_not_one_over_the_latency(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.1)})
    (found,) = Session([Subject(lambda: "A", images=4)], device, replace(quick, most=5, bound=0.0)).run()
    assert found.fps == pytest.approx((80.0,) * TURNS)


def test_both_clocks_are_kept(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.01)}, launch=0.002)
    found = fakes.run(device, replace(quick, most=5, bound=0.0))["A"]
    assert found.samples == pytest.approx((10.0,) * 5)
    assert found.outer == pytest.approx((12.0,) * 5)


def test_one_that_fails_is_left_out_and_the_others_go_on(fakes: Any, quick: Rules) -> None:
    device = fakes.Fake({"A": fakes.always(0.01), "B": iter([0.01] * 4), "C": fakes.always(0.01)})
    found = fakes.run(device, replace(quick, most=20, bound=0.0))
    assert isinstance(found["B"], Exception)
    assert len(found["A"].samples) == len(found["C"].samples) == 20


def test_nothing_to_time_is_no_error(fakes: Any, quick: Rules) -> None:
    assert Session([], fakes.Fake({}), quick).run() == []


def test_the_published_protocol_has_its_own_counts() -> None:
    given = rules("paddleseg-trt", "flush", 2.0, 0.005, 10.0)
    assert (given.warm_passes, given.most, given.bound, given.l2) == (500, 2000, 0.0, "warm")
    assert given.cap == 10.0
