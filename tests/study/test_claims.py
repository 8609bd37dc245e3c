"""Claims in studies: what a side may name, what is refused and where, and which measure is meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.errors import SegablateError
from segablate.evidence.claim import Claim
from segablate.quantity import Margin
from segablate.study.claims import claims
from segablate.study.study import Study
from segablate.study.variants import variants

Write = Callable[..., Study]
METRICS = {"accuracy": ("miou", "pixel_accuracy"), "searched": ("miou",), "latency": ("p50_ms",)}
STUDY = """\
vary:
  model.channels: {flat: 1, FLD: 2}
  model.context: {none: a, SPPM: b}
  model.fusion: {sum: c, UAFM: d, b1 + b3: e}
design:
  use: chosen
  sets: [[], [FLD], [FLD, SPPM], [FLD, UAFM], [FLD, SPPM, UAFM], [b1 + b3]]
measure: [accuracy, {use: accuracy, as: searched}, latency]
claims:
"""
GRID = """\
vary:
  model.upsampler: {bilinear: a, DUp-64: b}
  model.stride: [16, 32]
measure: [accuracy]
claims:
"""


def found(study: Write, *entries: str, head: str = STUDY) -> tuple[Claim, ...]:
    made = study(head + "".join(f"  - {{{entry}}}\n" for entry in entries))
    metrics = {spec.label: METRICS[spec.label] for spec in made.measures}
    return claims(made, variants(made), metrics)


def refused(study: Write, *entries: str, head: str = STUDY) -> str:
    with pytest.raises(SegablateError) as caught:
        found(study, *entries, head=head)
    return caught.value.render()


def test_a_side_is_a_label_or_a_list_of_values(study: Write) -> None:
    made = found(
        study,
        "claim: FLD + SPPM + UAFM beats flat + sum, metric: pixel_accuracy, printed: 0.71, source: Table 3",
        "claim: UAFM + FLD is no worse than FLD, metric: p50_ms, margin: 5 %, by: 1 %",
        "claim: baseline matches b1 + b3, metric: miou, measure: searched",
        "claim: FLD + none reaches 99.90, metric: miou, measure: searched",
    )
    assert [(c.first, c.word, c.second, c.measure) for c in made] == [
        ("FLD + SPPM + UAFM", "beats", "baseline", "accuracy"),
        ("FLD + UAFM", "is no worse than", "FLD", "latency"),
        ("baseline", "matches", "b1 + b3", "searched"),
        ("FLD", "reaches", "", "searched"),
    ]
    assert (made[0].printed, made[0].margin, made[0].source) == (Margin(0.71 / 100), Margin(0.005), "Table 3")
    assert (made[1].margin, made[1].by) == (Margin(0.05, relative=True), Margin(0.01, relative=True))
    assert made[3].value == "99.90"


def test_of_a_grid_numbers_are_named_with_or_without_their_field(study: Write) -> None:
    made = found(
        study,
        "claim: 'DUp-64, stride=32 beats bilinear + 32', metric: miou",
        "claim: DUp-64 + stride=32 is no worse than bilinear, metric: miou",
        head=GRID,
    )
    assert [(c.first, c.second) for c in made] == [
        ("DUp-64, stride=32", "bilinear, stride=32"),
        ("DUp-64, stride=32", "bilinear, stride=16"),
    ]
    assert made[0].apart == (("model.upsampler", "DUp-64", "bilinear"),)
    assert made[1].apart == (("model.upsampler", "DUp-64", "bilinear"), ("model.stride", "32", "16"))


def test_the_studys_margin_is_the_claims_unless_it_has_its_own(study: Write) -> None:
    head = STUDY.replace("claims:", "margin: {pixel_accuracy: 0.2 points}\nclaims:")
    own, other = found(
        study,
        "claim: FLD beats flat, metric: pixel_accuracy",
        "claim: FLD matches flat, metric: pixel_accuracy, margin: 1 point",
        head=head,
    )
    assert (own.margin, other.margin) == (Margin(0.002), Margin(0.01))


@pytest.mark.parametrize(("entry", "said"), [
    ("claim: FLD better than flat, metric: miou", "is no claim"),
    ("claim: FLD beats flat", "this claim has no `metric`"),
    ("metric: miou", "this claim has no `claim`"),
    ("claim: FLD beats flat, metric: mIoU", "did you mean `miou`?"),
    ("claim: FLD beats flat, metric: intensity", "neither more nor less is better"),
    ("claim: FLD beats flat, metric: miou, measure: serched", "did you mean `searched`?"),
    ("claim: FLD beats flat, metric: miou", "`miou` is given by `accuracy`, `searched`"),
    ("claim: FLD beats flat, metric: p50_ms, measure: searched", "`searched` gives no `p50_ms`"),
    ("claim: FLD beats flat, metric: params", "nothing that the study measures gives `params`"),
    ("claim: FLT beats flat, metric: p50_ms", "there is no variant `FLT`"),
    ("claim: FLD + SPM beats flat, metric: p50_ms", "no axis has a choice `SPM`"),
    ("claim: SPPM beats flat, metric: p50_ms", "there is no variant `SPPM`"),
    ("claim: FLD beats FLD, metric: p50_ms", "compares `FLD` with itself"),
    ("claim: FLD reaches much, metric: p50_ms", "`much` is no printed value"),
    ("claim: FLD reaches 5, metric: p50_ms, margin: 2 %", "a printed value has no `margin`"),
    ("claim: FLD beats flat, metric: p50_ms, margin: -1 %", "a number that is not negative"),
    ("claim: FLD beats flat, metric: p50_ms, margin: 2", "is a share of the baseline's"),
    ("claim: FLD beats flat, metric: p50_ms, sorce: Table 3", "did you mean `source`?"),
])  # fmt: skip
def test_what_cannot_be_a_claim_is_told_with_its_line(study: Write, entry: str, said: str) -> None:
    message = refused(study, "claim: FLD + UAFM beats FLD, metric: p50_ms", entry)
    assert said in message
    assert message.startswith("error: x.yaml:11: ")


def test_the_same_claim_twice_is_refused_whatever_its_words(study: Write) -> None:
    message = refused(
        study,
        "claim: FLD beats flat, metric: p50_ms",
        "claim: FLD + none beats baseline, metric: p50_ms, margin: 9 %",
    )
    assert message.startswith("error: x.yaml:11: this is claimed already at x.yaml:10")
    assert "claimed already" in refused(
        study, "claim: FLD matches flat, metric: p50_ms", "claim: flat matches FLD, metric: p50_ms"
    )


def test_two_readings_are_refused(study: Write) -> None:
    head = """\
vary:
  model.a: {x: 1, q: 2}
  model.b: {p: 1, q: 2}
design: {use: grid}
measure: [latency]
claims:
"""
    message = refused(study, "claim: q beats x + p, metric: p50_ms", head=head)
    assert "this may be read as `q, p` beats `x, p` or `x, q` beats `x, p`" in message
    words = """\
vary:
  model.a: {A: 1, A beats B: 2, B beats C: 3, C: 4}
measure: [latency]
claims:
"""
    assert "may be read as" in refused(study, "claim: A beats B beats C, metric: p50_ms", head=words)


def test_a_variant_that_is_skipped_cannot_be_claimed_of(study: Write) -> None:
    head = STUDY.replace(
        "claims:", "skip:\n  - {when: {measure: latency, model.channels: FLD}, because: slow}\nclaims:"
    )
    message = refused(study, "claim: FLD beats flat, metric: p50_ms", head=head)
    assert "`FLD` is skipped under `latency`: slow" in message


def test_claims_are_a_list(study: Write) -> None:
    with pytest.raises(SegablateError, match="`claims` must be a list"):
        study("claims: {claim: a beats b, metric: miou}\n")
