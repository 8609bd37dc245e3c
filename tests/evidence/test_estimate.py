"""Second opinions: scipy's paired t test, statsmodels' two one-sided tests, Holm and power."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from segablate.evidence.decide import Question, count, decide, holm
from segablate.evidence.estimate import between_seeds, estimate
from segablate.evidence.pairs import pair
from segablate.evidence.power import detectable, needed, power_of_difference, power_of_equivalence
from segablate.evidence.processes import between_processes

FEW = [3, 4, 7]


def numbers(n, difference=0.0, spread=0.003, seed=0):
    rng = np.random.default_rng(seed)
    baseline = 0.7 + 0.01 * rng.normal(size=n)
    return baseline, baseline + difference + spread * rng.normal(size=n)


def paired(baseline, variant):
    return between_seeds(pair(dict(enumerate(baseline)), dict(enumerate(variant))))


def judge(baseline, variant, margin=0.005, direction="higher"):
    return decide({0: Question(paired(baseline, variant), margin, direction)})[0]


@pytest.mark.parametrize("n", FEW)
def test_with_few_seeds_interval_and_p_are_those_of_scipy(n):
    baseline, variant = numbers(n, 0.002)
    opinion = stats.ttest_rel(variant, baseline)
    found = paired(baseline, variant)
    assert found.p_none() == pytest.approx(opinion.pvalue, rel=1e-9)
    assert found.interval(0.95) == pytest.approx(opinion.confidence_interval(0.95), rel=1e-9)


@pytest.mark.parametrize("n", FEW)
def test_with_few_seeds_equivalence_is_that_of_statsmodels(n):
    baseline, variant = numbers(n, 0.002)
    opinion, _, _ = ttost_paired(variant, baseline, -0.005, 0.005)
    assert paired(baseline, variant).p_matters(0.005) == pytest.approx(opinion, rel=1e-9)


@pytest.mark.parametrize("n", [8, 12, 20])
def test_from_eight_seeds_on_the_interval_holds_that_of_scipy(n):
    baseline, variant = numbers(n, 0.002)
    low, high = paired(baseline, variant).interval(0.95)
    t_low, t_high = stats.ttest_rel(variant, baseline).confidence_interval(0.95)
    assert low <= t_low + 1e-12
    assert high >= t_high - 1e-12


def test_the_studentised_bootstrap_is_that_of_scipy():
    x = np.random.default_rng(3).exponential(size=10) - 0.4
    found = estimate(x, "seeds", 1.0)

    def studentised(sample, axis):
        return (sample.mean(axis) - x.mean()) / (sample.std(axis, ddof=1) / math.sqrt(10))

    drawn = stats.bootstrap((x,), studentised, n_resamples=20_000, rng=np.random.default_rng(1))
    opinion = np.quantile(drawn.bootstrap_distribution, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.quantile(found.resampled, [0.05, 0.25, 0.5, 0.75, 0.95]) == pytest.approx(opinion, abs=0.15)


@pytest.mark.parametrize("n", [3, 10])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_an_interval_excludes_what_its_p_refuses(n, level):
    found = paired(*numbers(n))
    low, high = found.interval(level)
    nudge = (high - low) / 100  # from eight seeds on the ends are single resamples
    for truth, inside in ((low - nudge, 0), (low + nudge, 1), (high - nudge, 1), (high + nudge, 0)):
        assert (2 * min(found.tails(truth)) >= 1 - level) == bool(inside)


def test_holm_is_that_of_statsmodels():
    p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.01]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == []


@pytest.mark.parametrize("n", [3, 5, 7])
def test_power_is_that_of_statsmodels(n):
    opinion = TTestPower()
    assert power_of_difference(1.3, n, 0.05) == pytest.approx(opinion.power(1.3, n, 0.05), abs=1e-6)
    least = opinion.solve_power(nobs=n, alpha=0.05, power=0.8)
    assert detectable(n, 2.0, 0.05) == pytest.approx(2 * float(np.squeeze(least)), rel=1e-3)


@pytest.mark.parametrize(("effect", "margin", "n"), [(0.0, 1.5, 8), (0.3, 1.5, 20)])
def test_power_of_equivalence_is_what_happens(effect, margin, n):
    drawn = effect + np.random.default_rng(0).normal(size=(200, n))
    happened = np.mean([estimate(x, "seeds", 1.0).p_matters(margin) <= 0.05 for x in drawn])
    assert power_of_equivalence(effect, margin, n, 0.05) == pytest.approx(happened, abs=0.08)


def test_seeds_needed_would_decide_and_one_less_would_not():
    found = needed(0.004, 0.006, 0.0, 0.05, 3)
    assert found is not None
    assert power_of_difference(0.004 / 0.006, found, 0.05) >= 0.8
    assert power_of_difference(0.004 / 0.006, found - 1, 0.05) < 0.8


def test_a_difference_of_nothing_is_decided_by_equivalence_or_by_no_number_of_seeds():
    assert needed(0.0, 0.003, 0.005, 0.05, 3) is not None
    assert needed(0.0, 0.003, 0.0, 0.05, 3) is None
    assert needed(math.nan, 0.003, 0.0, 0.05, 3) is None


def test_verdicts_by_hand():
    base = np.zeros(4)
    wobble = np.array([-1, 1, -1, 1]) * 1e-3
    assert judge(base + 0.7, 0.71 + wobble).kind == "better"
    assert judge(base + 0.7, 0.71 + wobble, direction="lower").kind == "worse"
    assert judge(base + 0.7, 0.69 + wobble).kind == "worse"
    assert judge(base + 0.7, 0.7 + wobble).kind == "equivalent"
    assert judge(base + 0.7, 0.7 + 20 * wobble).kind == "undecided"


def test_a_difference_that_is_sure_but_inside_the_margin_is_equivalent():
    verdict = judge(np.full(6, 0.7), 0.702 + 1e-4 * np.array([1, -1, 1, -1, 1, -1]))
    assert verdict.low > 0
    assert verdict.kind == "equivalent"


def test_without_a_margin_nothing_is_equivalent():
    assert judge(*numbers(20, 0.0, 1e-5), margin=0.0).kind == "undecided"


def test_one_pair_is_undecided_and_says_so_without_numbers():
    verdict = judge([0.7], [0.8])
    assert (verdict.kind, verdict.n, verdict.p, verdict.detectable, verdict.needed) == (
        "undecided",
        1,
        None,
        None,
        None,
    )
    assert math.isnan(verdict.low)


def test_without_any_spread_a_sign_test_decides():
    three, nine = (judge(np.full(n, 0.7), np.full(n, 0.8)) for n in (3, 9))
    assert (three.kind, three.needed) == ("undecided", 6)
    assert three.p == pytest.approx(stats.binomtest(3, 3).pvalue)
    assert nine.kind == "better"
    assert nine.low == nine.high == nine.difference


def test_one_variant_under_two_names_is_seldom_better_or_worse():
    rng = np.random.default_rng(0)
    kinds = [judge(*(0.7 + 0.002 * rng.standard_t(3, (2, 10)))).kind for _ in range(300)]
    # three standard errors above 5 %
    assert sum(kind in ("better", "worse") for kind in kinds) <= 300 * 0.05 + 3 * math.sqrt(300 * 0.05 * 0.95)
    assert "equivalent" in kinds


def test_the_same_numbers_twice_are_equivalent():
    twice = numbers(10)[0]
    assert judge(twice, twice).kind == "equivalent"


def test_many_comparisons_are_corrected_together():
    base, variant = numbers(5, 0.004, 0.0027, seed=4)
    alone = judge(base, variant, margin=0.0)
    assert alone.kind == "better"
    family = {0: Question(paired(base, variant), 0.0, "higher")}
    family |= {i: Question(paired(*numbers(5, seed=i + 10)), 0.0, "higher") for i in range(1, 20)}
    together = decide(family)[0]
    assert together.p == pytest.approx(min(1.0, 20 * alone.p))
    assert together.kind == "undecided"
    assert (together.low, together.high) == (alone.low, alone.high)


def test_against_the_best_of_all_there_are_as_many_tests_as_pairs():
    family = {i: Question(paired(*numbers(5, seed=i)), 0.0, "higher") for i in range(3)}
    once, best = decide(family), decide(family, best_of_all=True)
    first = min(family, key=lambda i: family[i].estimate.p_none())
    assert best[first].p == pytest.approx(min(1.0, 6 * family[first].estimate.p_none()))
    assert [best[i].p for i in family] == pytest.approx([min(1.0, 2 * once[i].p) for i in family])
    assert [(best[i].low, best[i].high) for i in family] == [(once[i].low, once[i].high) for i in family]


def test_of_four_alike_the_best_seldom_beats_another():
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(100):
        scores = rng.normal(size=(4, 5))
        best, *others = scores[np.argsort(-scores.mean(axis=1))]
        family = {i: Question(paired(best, other), 0.0, "higher") for i, other in enumerate(others)}
        wrong += any(one.kind == "worse" for one in decide(family, best_of_all=True).values())
    # three standard errors above 5 %
    assert wrong <= 100 * 0.05 + 3 * math.sqrt(100 * 0.05 * 0.95)


def test_a_count_is_what_it_is():
    assert count(10, 8, 0, "lower").kind == "better"
    assert count(10, 12, 0, "lower").kind == "worse"
    assert count(10, 10, 0, "lower").kind == "equivalent"
    assert count(10, 12, 2, "lower").kind == "equivalent"


def test_a_ratio_of_times_is_that_of_scipy_on_logarithms():
    base, variant = np.array([10.0, 11, 10.5]), np.array([12.0, 13.5, 12.4])
    verdict = decide({0: Question(between_processes(base, variant), 0.02, "lower")})[0]
    opinion = stats.ttest_rel(np.log(variant), np.log(base)).confidence_interval(0.95)
    assert (verdict.low, verdict.high) == pytest.approx(tuple(np.exp(opinion)))
    assert verdict.difference == pytest.approx(stats.gmean(variant / base))
    assert (verdict.kind, verdict.ratio, verdict.source) == ("worse", True, "processes")


def test_a_ratio_inside_the_margin_is_equivalent():
    base = np.array([10.0, 11, 10.5, 10.2])
    variant = base * np.array([1.001, 0.999, 1.002, 1.0])
    assert decide({0: Question(between_processes(base, variant), 0.02, "lower")})[0].kind == "equivalent"


def test_times_that_are_none_cannot_be_set_against_each_other():
    with pytest.raises(ValueError, match="above zero"):
        between_processes(np.array([1.0, 0.0]), np.array([1.0, 1.0]))


differences = st.lists(st.floats(-0.05, 0.05).map(lambda x: round(x, 6)), min_size=2, max_size=12)


@settings(max_examples=60, deadline=None)
@given(differences)
def test_changing_sides_changes_the_sign_and_the_word(values):
    base = np.linspace(0.5, 0.6, len(values))
    there, back = judge(base, base + values), judge(base + values, base)
    assert back.difference == pytest.approx(-there.difference, abs=1e-12)
    swapped = {"better": "worse", "worse": "better"}
    if len(values) < 8:  # a bootstrap draws anew
        assert back.kind == swapped.get(there.kind, there.kind)
        assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(differences, st.sampled_from([1e-3, 100.0, 2.0**20]))
def test_the_unit_does_not_matter(values, scale):
    base = np.linspace(0.5, 0.6, len(values))
    one = judge(base, base + values)
    other = judge(base * scale, (base + values) * scale, margin=0.005 * scale)
    assert other.kind == one.kind
    scaled = (one.low * scale, one.high * scale)
    assert (other.low, other.high) == pytest.approx(scaled, rel=1e-6, abs=1e-9 * scale)


def test_without_spread_nothing_can_be_told_where_the_sign_test_cannot():
    assert detectable(5, 0.0, 0.05) is None
    assert detectable(6, 0.0, 0.05) == 0.0


@pytest.mark.parametrize(("n", "alpha", "exact"), [(2, 0.025, 23.08), (2, 0.005, 115.4), (3, 0.001, 23.16)])
def test_what_few_pairs_can_tell_far_out_is_exact(monkeypatch, n, alpha, exact):
    assert detectable(n, 1.0, alpha) == pytest.approx(exact, rel=2e-3)
    from scipy import special

    # a library that gives up there
    monkeypatch.setattr(special, "nctdtr", lambda *_: float("nan"))
    assert detectable(n, 1.0, alpha) == pytest.approx(exact, rel=5e-3)
