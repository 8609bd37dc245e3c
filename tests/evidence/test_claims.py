"""Each rule by which claims are judged, with numbers that one can follow by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from segablate.evidence.claim import Claim, contradictions
from segablate.evidence.claims import ONE_SIDED, Case, judge, of_numbers, reproduced
from segablate.evidence.estimate import Estimate, between_seeds
from segablate.evidence.pairs import pair
from segablate.evidence.power import POWER, power_of_claim, seeds_for_claim, spread_between
from segablate.evidence.processes import between_processes
from segablate.evidence.scenes import Scenes
from segablate.quantity import Margin

BEATS = Claim("A beats B", "A", "beats", "B", "", "miou", "accuracy", Margin(0.005))
NO_WORSE = replace(BEATS, word="is no worse than")
MATCHES = replace(BEATS, word="matches")
TIME = replace(NO_WORSE, metric="p50_ms", measure="latency", margin=Margin(0.05, relative=True))
REACHES = replace(BEATS, word="reaches", second="", value="99.90")


def differing(mean, error, n=5, source="seeds"):
    """What n differences of this mean and standard error say."""
    return Estimate(mean, error, n - 1, n, source)


def one(claim, estimate, **others):
    margin = others.pop("margin", claim.bound(0.7))
    return judge([Case(claim, estimate, margin, claim.ahead(0.7), **others)])[0]


def kind(claim, estimate, **others):
    return one(claim, estimate, **others).kind


# rule 1


def test_more_is_better_and_of_times_less_is():
    assert kind(BEATS, differing(0.02, 0.001)) == "confirmed"
    counts = replace(BEATS, metric="loss", margin=Margin(0.0))
    assert kind(counts, differing(-0.02, 0.001)) == "confirmed"
    assert kind(counts, differing(0.02, 0.001)) == "refuted"


def test_times_are_compared_as_ratios():
    second = np.array([10.0, 10.4, 9.8, 10.1, 10.2])
    faster = between_processes(second, second * [0.90, 0.91, 0.905, 0.9, 0.91])
    found = one(replace(TIME, word="beats"), faster)
    assert (found.kind, found.ratio, round(found.difference, 2)) == ("confirmed", True, 0.90)
    assert kind(TIME, between_processes(second, second * 1.03)) == "cannot tell"  # no spread: 5 signs only
    slower = between_processes(second, second * [1.08, 1.09, 1.085, 1.08, 1.09])
    assert kind(TIME, slower) == "refuted"


def test_by_shifts_the_difference():
    claimed = replace(BEATS, by=Margin(0.01))
    assert kind(claimed, differing(0.02, 0.001)) == "confirmed"
    assert kind(claimed, differing(0.009, 0.0005)) == "refuted"
    # its margin beside what was claimed
    assert kind(replace(claimed, word="matches"), differing(0.011, 0.0005)) == "confirmed"


def test_a_printed_difference_that_is_smaller_than_the_margin_is_the_margin():
    assert replace(BEATS, printed=Margin(0.001)).bound(0.7) == 0.001
    assert replace(BEATS, printed=Margin(0.02)).bound(0.7) == 0.005
    assert TIME.bound(10.0) == pytest.approx(math.log(1.05))
    share = replace(BEATS, metric="params", margin=Margin(0.05, relative=True))
    assert share.bound(2e6) == 1e5


# rule 2


def test_beats_is_refuted_by_a_difference_below_the_margin():
    assert kind(BEATS, differing(0.0, 0.001)) == "refuted"
    assert kind(BEATS, differing(-0.02, 0.001)) == "refuted"
    assert kind(BEATS, differing(0.003, 0.002)) == "cannot tell"


def test_a_difference_that_is_sure_but_small_confirms_by_less_than_the_margin():
    found = one(BEATS, differing(0.002, 0.0002))
    assert (found.kind, found.because) == ("confirmed", "by less than the margin")
    assert one(BEATS, differing(0.02, 0.0002)).because == ""


# rule 3


@pytest.mark.parametrize(("mean", "no_worse", "matches"), [
    (0.000, "confirmed", "confirmed"),
    (0.020, "confirmed", "refuted"),
    (-0.020, "refuted", "refuted"),
    (-0.005, "cannot tell", "cannot tell"),
])  # fmt: skip
def test_no_worse_and_matches_have_the_margin_for_a_bound(mean, no_worse, matches):
    assert kind(NO_WORSE, differing(mean, 0.001)) == no_worse
    assert kind(MATCHES, differing(mean, 0.001)) == matches


def test_without_a_margin_no_worse_is_refuted_by_less_and_nothing_confirms_matches():
    assert kind(NO_WORSE, differing(-0.003, 0.0005), margin=0.0) == "refuted"
    assert kind(NO_WORSE, differing(0.003, 0.0005), margin=0.0) == "confirmed"
    assert kind(MATCHES, differing(0.0, 0.0005), margin=0.0) == "cannot tell"
    assert kind(MATCHES, differing(0.003, 0.0005), margin=0.0) == "refuted"


# rule 4


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_lone_claim_agrees_with_its_interval(n, seed):
    rng = np.random.default_rng(seed)
    second = dict(enumerate(0.7 + 0.01 * rng.normal(size=n)))
    first = {s: v + 0.004 + 0.006 * rng.normal() for s, v in second.items()}
    estimate = between_seeds(pair(second, first))
    low, high = estimate.interval(0.95)
    assert (kind(BEATS, estimate) == "confirmed") == (low > 0)
    assert (kind(BEATS, estimate) == "refuted") == (high < 0.005 and not low > 0)
    assert (kind(NO_WORSE, estimate) == "confirmed") == (low > -0.005)
    assert (kind(MATCHES, estimate) == "confirmed") == (low > -0.005 and high < 0.005)
    assert (kind(MATCHES, estimate) == "refuted") == (low > 0.005 or high < -0.005)


def test_p_is_that_of_scipy():
    rng = np.random.default_rng(0)
    x = 0.004 + 0.002 * rng.normal(size=5)
    estimate = between_seeds(pair(dict.fromkeys(range(5), 0.7), {s: 0.7 + v for s, v in enumerate(x)}))
    opinion = stats.ttest_1samp(x, 0.0, alternative="greater").pvalue
    assert estimate.turned(True).tails(0.0)[1] == pytest.approx(opinion)
    assert estimate.turned(False).tails(0.0)[0] == pytest.approx(opinion)


def test_confirmations_are_corrected_among_themselves_and_refutations_too():
    # lone p about 1.2 %: two tests of 2.5 % together ask for 1.25 % and 2.5 %, three for 0.83 %
    near = differing(0.002, 0.002 / 3.6)
    claims = [Case(BEATS, near, 0.0)] * 2
    assert [found.kind for found in judge(claims)] == ["confirmed"] * 2
    third = Case(BEATS, differing(0.0, 0.003), 0.0)
    assert judge([*claims, third])[0].kind == "cannot tell"
    # a refutation that is certain costs confirmations nothing but its place
    assert judge([claims[0], Case(BEATS, differing(-0.02, 0.0001), 0.0)])[0].kind == "confirmed"


# rule 5


def test_exact_numbers_are_decided_by_their_sign_and_are_no_part_of_the_family():
    def exact(claim, first, second, **others):
        return kind(claim, of_numbers(first, second), exact=True, **others)

    assert exact(BEATS, 0.997, 0.971) == "confirmed"
    assert exact(BEATS, 0.971, 0.997) == exact(BEATS, 0.971, 0.971) == "refuted"
    assert one(BEATS, of_numbers(0.972, 0.971), exact=True).because == "by less than the margin"
    assert one(BEATS, of_numbers(0.971, 0.971), exact=True, margin=0.0).because == "by equal numbers"
    assert exact(NO_WORSE, 0.968, 0.971) == exact(MATCHES, 0.968, 0.971) == "confirmed"
    assert exact(NO_WORSE, 0.960, 0.971) == exact(MATCHES, 0.960, 0.971) == "refuted"
    assert exact(MATCHES, 0.1 + 0.2, 0.3, margin=0.0) == "confirmed"  # equal but for rounding
    fewer = replace(BEATS, metric="macs", margin=Margin(0.0))
    assert exact(fewer, 1e9, 2e9) == "confirmed"
    many = [Case(BEATS, of_numbers(0.9, 0.8), exact=True)] * 50
    near = Case(BEATS, differing(0.002, 0.002 / 3.0), 0.0)
    assert judge([*many, near])[-1].kind == judge([near])[0].kind == "confirmed"


def test_a_part_of_the_label_maps_decides_nothing():
    found = one(BEATS, of_numbers(0.997, 0.971), exact=True, limited=True)
    assert (found.kind, found.because) == ("no verdict", "only some label maps were scored")


# rule 6


@pytest.mark.parametrize(
    ("source", "what"), [("seeds", "training"), ("processes", "process"), ("images", "training")]
)
def test_one_training_or_process_confirms_and_refutes_nothing(source, what):
    found = one(BEATS, Estimate(0.2, math.nan, 0, 1, source))
    assert (found.kind, found.because) == ("no verdict", f"one {what} decides nothing")


def test_where_only_the_correction_leaves_a_claim_open_it_is_said():
    near, away = Case(BEATS, differing(0.002, 0.002 / 3.0), 0.0), Case(BEATS, differing(0.0, 0.003), 0.0)
    found = judge([near, away, away])[0]
    assert (found.kind, found.because) == ("cannot tell", "among 3 claims")
    assert judge([near, away, away])[1].because == ""


# rule 7


def scenes(mean, error, blocks=17, alone=None):
    both = Estimate(mean, error, 4, 5, "scenes")
    return Scenes(
        both, Estimate(mean, error if alone is None else alone, blocks - 1, blocks, "scenes"), blocks, 0
    )


def test_seeds_decide_and_scenes_qualify():
    sure = differing(-0.0139, 0.0013)
    assert one(BEATS, sure, images=True, scenes=scenes(-0.0139, 0.003)).scenes == "same"
    found = one(replace(BEATS, margin=Margin(0.0)), sure, images=True, scenes=scenes(-0.0139, 0.006))
    assert (found.kind, found.scenes) == ("refuted", "these")
    assert found.low_on_scenes < -0.0139 < 0 < found.high_on_scenes


def test_with_few_blocks_or_none_scenes_are_unknown():
    sure = differing(0.02, 0.001)
    assert one(BEATS, sure, images=True, scenes=scenes(0.02, 0.001, blocks=7)).scenes == "unknown"
    assert one(BEATS, sure, images=True).scenes == "unknown"
    assert one(BEATS, sure).scenes == ""


# rule 10


@pytest.mark.parametrize(("value", "found"), [
    (0.99899, True), (0.99904, True), (0.99894, False), (0.9991, False), (0.9996, False),
])  # fmt: skip
def test_reproduced_is_to_the_printed_digits(value, found):
    assert reproduced(REACHES, value) is found
    assert kind(REACHES, Estimate(value, 0.0, 0, 1, "count"), exact=True) == (
        "reproduced" if found else "not reproduced"
    )


def test_a_value_of_some_label_maps_is_reproduced_or_not_and_never_refuted():
    assert kind(REACHES, Estimate(0.95, 0.0, 0, 1, "count"), exact=True, limited=True) == "not reproduced"
    assert kind(REACHES, differing(math.nan, math.nan, 0), exact=True) == "no verdict"


# rule 12


def test_what_would_decide_is_a_range_with_the_correction_that_open_claims_face():
    open_ = Case(BEATS, differing(0.002, 0.0015), 0.005)
    low, high = judge([open_])[0].needed
    assert 5 < low < high
    spread = 0.0015 * math.sqrt(5)
    ends = spread_between(spread, 4)
    assert ends[0] < spread < ends[1]
    assert (low, high) == tuple(seeds_for_claim("beats", 0.002, 0.005, end, ONE_SIDED, 6) for end in ends)
    among = judge([open_, open_])[0].needed
    assert among[0] > low


def test_the_spread_of_the_range_is_that_of_chi_square():
    low, high = spread_between(1.0, 4)
    assert (4 / high**2, 4 / low**2) == pytest.approx(stats.chi2.ppf([0.1, 0.9], 4))


@pytest.mark.parametrize("word", ["beats", "is no worse than", "matches"])
def test_seeds_for_a_claim_decide_it_four_times_of_five(word):
    n = seeds_for_claim(word, 0.004, 0.002, 0.006, ONE_SIDED, 2)
    rng = np.random.default_rng(0)
    cases = [
        Case(replace(BEATS, word=word), differing(x.mean(), x.std(ddof=1) / math.sqrt(n), n), 0.002)
        for x in rng.normal(0.004, 0.006, (200, n))
    ]
    decided = np.mean([judge([case])[0].kind != "cannot tell" for case in cases])
    assert decided == pytest.approx(POWER, abs=0.12)
    assert power_of_claim(word, 4 / 6, 2 / 6, n - 1, ONE_SIDED) < POWER


def test_no_number_of_seeds_helps_where_scenes_qualify():
    sure = differing(0.02, 0.001)
    stays = one(BEATS, sure, images=True, scenes=scenes(0.02, 0.012, alone=0.012))
    goes = one(BEATS, sure, images=True, scenes=scenes(0.02, 0.012, alone=0.004))
    assert (stays.scenes, stays.more_seeds_help) == ("these", False)
    assert (goes.scenes, goes.more_seeds_help) == ("these", True)
    # neither bound is far enough from it, however well the seeds know it
    open_ = one(BEATS, differing(0.003, 0.002), images=True, scenes=scenes(0.003, 0.004, alone=0.004))
    assert (open_.kind, open_.more_seeds_help) == ("cannot tell", False)


# contradictions


def test_claims_that_cannot_both_be_right_contradict_each_other():
    back = replace(BEATS, first="B", second="A")
    assert list(contradictions([BEATS, back])) == [(BEATS, back)]
    # by less than the margin both may be
    assert not list(contradictions([BEATS, replace(back, word="is no worse than"), MATCHES]))
    ahead = replace(BEATS, by=Margin(0.006))
    assert list(contradictions([ahead, MATCHES])) == [(ahead, MATCHES)]
    assert list(contradictions([ahead, replace(back, word="is no worse than")]))
    assert not list(contradictions([BEATS, replace(back, metric="pixel_accuracy")]))
    assert list(contradictions([REACHES, replace(REACHES, value="99.80")]))
