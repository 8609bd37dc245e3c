"""Claims on the page: at most eight rows, none lost, and what qualifies a verdict is never left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segablate.evidence.claim import Claim
from segablate.evidence.claims import ClaimVerdict
from segablate.quantity import Margin
from segablate.report import overview
from segablate.report.claims_table import MOST_ROWS, brief, claims_table
from segablate.report.opening import _claimed


def verdict(first: str, second: str, kind: Any, **more: Any) -> ClaimVerdict:
    apart = (("model.x", first, second),)
    printed = more.pop("printed", None)
    margin = Margin(0.005)
    claim = Claim(
        f"{first} beats {second}",
        first,
        "beats",
        second,
        "",
        "miou",
        "acc",
        margin,
        None,
        printed,
        "T",
        apart,
    )
    return ClaimVerdict(claim, kind, difference=0.01, low=0.001, high=0.02, n=5, **more)


def shown(verdicts: Sequence[ClaimVerdict]) -> list[list[str]]:
    table = claims_table(verdicts)
    assert table is not None
    return [[cell.text for cell in row] for row in brief(table, verdicts).rows]


def test_claims_of_as_many_forms_as_you_like_are_all_counted() -> None:
    verdicts = [verdict(f"v{at}", "flat", "refuted" if at == 11 else "confirmed") for at in range(12)]
    rows = shown(verdicts)
    assert len(rows) == MOST_ROWS
    assert rows[-1] == ["5 more claims, folded below", "", "", "4 of 5 confirmed and 1 of 5 refuted"]


def test_joined_claims_keep_what_qualifies_them() -> None:
    alike = [verdict("a", "b", "confirmed", scenes="these") for _ in range(5)]
    rows = shown([*alike, *[verdict("a", "b", "confirmed", scenes="unknown") for _ in range(5)]])
    assert [row[3] for row in rows] == [
        "5 of 10 confirmed on these images and 5 of 10 confirmed (scenes unknown); added after results"
    ]
    assert shown(alike * 2)[0][3] == "confirmed on these images; added after results"


def test_the_answer_says_on_which_images_a_claim_holds() -> None:
    told = _claimed([verdict("a", "b", "confirmed", scenes="these"), verdict("c", "d", "cannot tell")])
    assert told == "Of 2 claims 1 is confirmed on these images and 1 is open."


def test_the_shaded_margin_is_no_wider_than_any_claim_allows() -> None:
    own = [verdict("a", "b", "confirmed"), verdict("c", "d", "confirmed", printed=Margin(0.0009))]
    (figure,) = overview.of_claims(own)
    assert figure.margin == 0.0009
    assert figure.caption.endswith("Shaded: the smallest of their margins.")
