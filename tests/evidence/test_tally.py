"""Many claims together: joined by form, counted once, and how many may be false."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segablate.evidence.claim import Claim, Word
from segablate.evidence.claims import ClaimVerdict, Kind
from segablate.evidence.tally import Made, false_expected, forms, once
from segablate.quantity import Margin


def verdict(
    first: str,
    word: Word,
    second: str,
    kind: Kind,
    axis: str = "",
    source: str = "Table 1",
    exact: bool = False,
) -> ClaimVerdict:
    value = second if word == "reaches" else ""
    apart = ((axis, first[0], second[0]),) if axis else ()
    text = f"{first} {word} {second}"
    other = "" if value else second
    claim = Claim(text, first, word, other, value, "miou", "m", Margin(0.005), source=source, apart=apart)
    return ClaimVerdict(claim, kind, exact=exact, n=0 if exact else 5)


def test_printed_values_of_one_table_are_one_form() -> None:
    one, two = (verdict(name, "reaches", "99.9", "reproduced", exact=True) for name in "ab")
    other = verdict("c", "reaches", "98.0", "not reproduced", exact=True)
    elsewhere = verdict("a", "reaches", "97.0", "reproduced", source="T2", exact=True)
    table, second = forms([one, other, two, elsewhere])
    assert table.verdicts == (one, other, two)
    assert (table.kind, dict(table.counts)) == (None, {"reproduced": 2, "not reproduced": 1})
    assert (second.kind, second.verdicts) == ("reproduced", (elsewhere,))


def test_the_same_difference_at_another_stride_is_of_one_form_and_another_difference_is_not() -> None:
    at16, at32 = (verdict(f"D{n}", "beats", f"b{n}", "confirmed", "upsampler") for n in (16, 32))
    weaker = verdict("D16", "is no worse than", "b16", "confirmed", "upsampler")
    third = verdict("x", "beats", "y", "confirmed", "decoder")
    assert [one.verdicts for one in forms([at16, weaker, at32, third])] == [(at16, at32), (weaker,), (third,)]


def made(study: str, found: ClaimVerdict, first: str, second: str = "") -> Made:
    return Made(study, found, frozenset(first), frozenset(second))


def test_a_claim_on_the_same_cells_counts_once_whichever_study_makes_it() -> None:
    beats = verdict("a", "beats", "b", "confirmed")
    renamed = verdict("temperature", "beats", "none", "confirmed")
    kept = once([made("s", beats, "12", "34"), made("t", renamed, "21", "43"), made("t", beats, "12", "35")])
    assert [(one.study, others) for one, others in kept] == [("s", ("t",)), ("t", ())]


def test_matching_is_the_same_from_both_sides_and_beating_is_not() -> None:
    for word, count in (("matches", 1), ("beats", 2)):
        there, back = verdict("a", word, "b", "confirmed"), verdict("b", word, "a", "refuted")  # type: ignore[arg-type]
        assert len(once([made("s", there, "1", "2"), made("t", back, "2", "1")])) == count


def test_another_margin_is_another_claim_and_claims_without_numbers_are_all_counted() -> None:
    one = verdict("a", "matches", "b", "confirmed")
    wide = replace(one, claim=replace(one.claim, margin=Margin(0.02)))
    assert len(once([made("s", one, "1", "2"), made("t", wide, "1", "2")])) == 2
    empty = verdict("a", "beats", "b", "no verdict")
    assert len(once([made("s", empty, ""), made("t", empty, "")])) == 2


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        ([], 0.0),
        ([["exact"], ["none"]], 0.0),
        ([["tested", "tested", "open"], ["tested", "exact"], ["exact"]], 0.1),
    ],
)
def test_a_twentieth_of_the_studies_that_test_something_may_hold_a_false_verdict(
    studies: list[list[str]], expected: float
) -> None:
    kinds = {
        "exact": verdict("a", "beats", "b", "confirmed", exact=True),
        "none": verdict("a", "beats", "b", "no verdict"),
        "tested": verdict("a", "beats", "b", "refuted"),
        "open": verdict("a", "beats", "b", "cannot tell"),
    }
    assert false_expected([[kinds[name] for name in own] for own in studies]) == pytest.approx(expected)
