import math

import pytest

from segablate.evidence.estimate import between_seeds
from segablate.evidence.pairs import pair


def test_numbers_are_paired_by_seed_and_not_by_position():
    pairs = pair({0: 1.0, 1: 2.0, 5: 3.0}, {5: 3.5, 0: 1.25})
    assert pairs.seeds == (0, 5)
    assert pairs.differences.tolist() == [0.25, 0.5]
    assert pairs.only_baseline == (1,)
    assert pairs.only_variant == ()
    assert not pairs.whole


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_leaves_its_partner_alone(lost):
    pairs = pair({0: 1.0, 1: 2.0}, {0: lost, 1: 2.5})
    assert pairs.seeds == (1,)
    assert pairs.only_baseline == (0,)


def test_nothing_to_pair_is_no_estimate():
    found = between_seeds(pair({0: 1.0}, {1: 1.0}))
    assert found.n == 0
    assert math.isnan(found.difference)
    assert not found.known


def test_one_pair_has_a_difference_and_no_error():
    found = between_seeds(pair({3: 0.5}, {3: 0.75}))
    assert found.difference == 0.25
    assert not found.known
    assert all(math.isnan(end) for end in found.interval(0.95))
