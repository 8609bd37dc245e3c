"""The simulation itself, in small; the whole of it is `reports/calibration`."""

import numpy as np
import pytest

from segablate.evidence.calibration import ALIKE, SPREADS, of_claims, of_images, of_seeds, std_of_difference

SIMULATIONS = 1500
# three standard errors of a share of 5 % above the rule's 6 %
MOST = 0.06 + 3 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("spread", ALIKE)
def test_where_both_are_spread_alike_few_verdicts_are_false(spread, n):
    found = of_seeds(spread, n, correlation=0.5, simulations=SIMULATIONS, resamples=400, seed=1)
    assert found.false_verdicts <= MOST
    assert found.false_equivalents <= MOST
    assert found.coverage >= 1 - MOST
    assert found.coverage == pytest.approx(1 - found.false_verdicts, abs=0.005)
    assert found.power > 0.7


def test_what_does_not_hold_is_seen_not_to_hold():
    found = of_seeds("one-skewed", 5, correlation=0, simulations=SIMULATIONS, resamples=400, seed=1)
    assert found.false_verdicts > 0.08


def test_from_eight_seeds_on_skew_of_one_variant_is_seen():
    found = of_seeds("one-skewed", 8, correlation=0, simulations=SIMULATIONS, resamples=400, seed=1)
    assert found.false_verdicts <= MOST


@pytest.mark.parametrize("spread", SPREADS)
def test_differences_are_drawn_about_zero_with_the_spread_they_say(spread):
    base, variant = SPREADS[spread][0](np.random.default_rng(0), (2000, 100))
    difference = variant - base
    assert difference.mean() == pytest.approx(0, abs=0.03)
    assert difference.std() == pytest.approx(std_of_difference(spread, 0.0), rel=0.15)


def test_over_images_intervals_hold():
    found = of_images("alike", 60, simulations=300, resamples=200, seed=0)
    assert 0.9 <= found.coverage <= 0.99


@pytest.mark.parametrize("n", [3, 8])
@pytest.mark.parametrize("claims", [1, 5])
@pytest.mark.parametrize("word", ["beats", "is no worse than", "matches"])
def test_few_studies_confirm_or_refute_a_claim_falsely(word, claims, n):
    found = of_claims(word, claims, "normal", n, correlation=0.5, simulations=600, resamples=400, seed=1)
    most = 0.06 + 3 * np.sqrt(0.05 * 0.95 / 600)
    assert found.false_confirmations <= most
    assert found.false_refutations <= most
    if claims == 1:  # every single test is at 2.5 %
        assert max(found.false_confirmations, found.false_refutations) <= 0.025 + 3 * np.sqrt(0.025 / 600)
        assert found.false_confirmations + found.false_refutations > 0.005


def test_it_is_the_same_each_time():
    one, other = (
        of_seeds("skewed", 8, correlation=0.2, simulations=50, resamples=100, seed=3) for _ in range(2)
    )
    assert one == other
