"""Claims judged: confirmed, refuted, or that it cannot be told, by rules that give everybody one verdict.

    d = first − second, more for better, less `by`          δ = margin, or what was printed where that is less

| claim | confirmed rejects | refuted rejects |
|---|---|---|
| beats | d ≤ 0 | d ≥ δ |
| is no worse than | d ≤ −δ | d ≥ −δ |
| matches | d ≤ −δ and d ≥ δ | −δ ≤ d ≤ δ |

Every one-sided test is at 2.5 %, so that a claim that stands alone agrees with its 95 % interval. Claims of a
study are the family: Holm within confirmations and within refutations, so that at most 5 % of studies hold
a false verdict of either kind. What nothing random goes into is no test and no part of the family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from segablate.evidence.claim import Claim, Word
from segablate.evidence.decide import LEVEL, holm
from segablate.evidence.estimate import Estimate
from segablate.evidence.power import seeds_for_claim, spread_between
from segablate.evidence.scenes import FEWEST_BLOCKS, Scenes
from segablate.evidence.tails import ROUNDING
from segablate.quantity import Direction, quantity

ONE_SIDED = (1 - LEVEL) / 2
Kind = Literal["confirmed", "refuted", "cannot tell", "reproduced", "not reproduced", "no verdict"]
# on other scenes: the same, only these images can be spoken of, nobody can say, not a question
OnScenes = Literal["same", "these", "unknown", ""]
P = TypeVar("P", float, NDArray[np.float64])
Tails: TypeAlias = Callable[[float], tuple[P, P]]


@dataclass(frozen=True)
class Case:
    """What the numbers say of one claim.

    Attributes:
        claim: what is claimed.
        estimate: first − second; its logarithm for a ratio. Of `reaches`, what the first reached.
        margin: largest difference that does not matter, on the estimate's scale.
        by: how much better the first is said to be, on the estimate's scale.
        exact: whether nothing random went into either number.
        limited: whether only some of a split was scored.
        images: whether test images went into it.
        scenes: the same on other scenes; None where that is not known.
    """

    claim: Claim
    estimate: Estimate
    margin: float = 0.0
    by: float = 0.0
    exact: bool = False
    limited: bool = False
    images: bool = False
    scenes: Scenes | None = None

    @property
    def direction(self) -> Direction:
        """Which way is better."""
        return quantity(self.claim.metric).direction

    def turned(self, estimate: Estimate) -> Estimate:
        """An estimate with more for better."""
        return estimate.turned(self.direction == "higher", self.by)


@dataclass(frozen=True)
class ClaimVerdict:
    """What became of a claim.

    Attributes:
        claim: what is claimed.
        kind: confirmed, refuted or that it cannot be told; reproduced or not; or that there is no verdict.
        because: what has to be said with it; "" for nothing.
        difference: first − second, first / second if `ratio`, in the stored unit; what was reached by the
            first where that was the claim; NaN where there are no numbers.
        low: lower end of its 95 % interval; NaN without one.
        high: upper end of it.
        ratio: whether these are ratios.
        n: pairs of seeds or processes behind it; 0 where nothing random went in.
        exact: whether nothing random went in.
        scenes: what other scenes may say: `same`, only `these` images can be spoken of, `unknown`.
        low_on_scenes: lower end of the interval that draws seeds and scenes again; NaN without one.
        high_on_scenes: upper end of it.
        blocks: scenes behind that.
        redrawn: resamples that were drawn again because they lacked a class.
        needed: about how many seeds would decide it, least and most; None in them is over 1,000.
        more_seeds_help: whether ever more seeds would make other scenes agree.
    """

    claim: Claim
    kind: Kind
    because: str = ""
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    ratio: bool = False
    n: int = 0
    exact: bool = False
    scenes: OnScenes = ""
    low_on_scenes: float = math.nan
    high_on_scenes: float = math.nan
    blocks: int = 0
    redrawn: int = 0
    needed: tuple[int | None, int | None] | None = None
    more_seeds_help: bool = True


def p_confirmed(word: Word, tails: Tails[P], margin: float) -> P:
    """p of what confirming a claim rejects.

    Args:
        word: what is claimed.
        tails: supposed truth → probability of an estimate this low, and this high; more is better.
        margin: largest difference that does not matter.
    """
    if word == "beats":
        return tails(0.0)[1]
    over = tails(-margin)[1]
    if word == "is no worse than":
        return over
    # where nothing is allowed, both cannot be rejected: no sample shows that there is no difference at all
    return _larger(over, tails(margin)[0])


def p_refuted(word: Word, tails: Tails[P], margin: float) -> P:
    """p of what refuting a claim rejects; see `p_confirmed`."""
    if word == "beats":
        return tails(margin)[0]
    under = tails(-margin)[0]
    return under if word == "is no worse than" else _smaller(under, tails(margin)[1])


def judge(cases: Sequence[Case]) -> list[ClaimVerdict]:
    """The verdicts on all claims of a study, in their order."""
    tested = [case for case in cases if _tests(case)]
    p = {
        id(case): _both(case, case.turned(case.estimate))
        for case in tested
    }  # fmt: skip
    alone = [p[id(case)] for case in tested]
    confirmed, refuted = (holm([pair[at] for pair in alone]) for at in (0, 1))
    corrected = {
        id(case): both for case, both in zip(tested, zip(confirmed, refuted, strict=True), strict=True)
    }
    open_ = sum(_decision(corrected[id(case)]) == "cannot tell" for case in tested)
    verdicts = []
    for case in cases:
        if id(case) in p:
            verdicts.append(
                _tested_verdict(case, p[id(case)], corrected[id(case)], len(tested), max(open_, 1))
            )
        else:
            verdicts.append(_untested(case))
    return verdicts


def exact_kind(word: Word, difference: float, margin: float) -> Kind:
    """The verdict on two numbers without a random part, more for better."""
    if word == "beats":
        return "confirmed" if difference > 0 else "refuted"
    fine = difference >= -margin if word == "is no worse than" else abs(difference) <= margin
    return "confirmed" if fine else "refuted"


def reproduced(claim: Claim, value: float) -> bool:
    """Whether a value is the printed one, to the digits that were printed."""
    digits = len(claim.value.partition(".")[2])
    half = 0.5 * 10.0**-digits
    return abs(value * quantity(claim.metric).scale - float(claim.value)) <= half * (1 + 1e-9)


def _tests(case: Case) -> bool:
    return not case.exact and case.claim.word != "reaches" and case.estimate.known


def _both(case: Case, better: Estimate) -> tuple[float, float]:
    word = case.claim.word
    return p_confirmed(word, better.tails, case.margin), p_refuted(word, better.tails, case.margin)


def _decision(p: tuple[float, float]) -> Kind:
    if p[0] <= ONE_SIDED:
        return "confirmed"
    return "refuted" if p[1] <= ONE_SIDED else "cannot tell"


def _tested_verdict(
    case: Case, p: tuple[float, float], corrected: tuple[float, float], among: int, open_: int
) -> ClaimVerdict:
    kind, alone = _decision(corrected), _decision(p)
    verdict = replace(_shown(case), kind=kind)
    if kind == "confirmed" and corrected[1] <= ONE_SIDED:
        verdict = replace(verdict, because="by less than the margin")
    if kind == "cannot tell":
        because = f"among {among} claims" if alone != kind else ""
        verdict = replace(verdict, because=because, needed=_needed(case, ONE_SIDED / open_))
    return _on_scenes(case, verdict)


def _needed(case: Case, alpha: float) -> tuple[int | None, int | None]:
    """How many pairs would decide, at the ends of the 80 % interval of the spread."""
    better = case.turned(case.estimate)
    low, high = (
        seeds_for_claim(case.claim.word, better.difference, case.margin, spread, alpha, better.n + 1)
        for spread in spread_between(better.spread, better.n - 1)
    )
    return low, high


def _on_scenes(case: Case, verdict: ClaimVerdict) -> ClaimVerdict:
    if not case.images:
        return verdict
    scenes = case.scenes
    if scenes is None or scenes.blocks < FEWEST_BLOCKS or not scenes.both.known:
        return replace(verdict, scenes="unknown", blocks=scenes.blocks if scenes else 0)
    low, high = scenes.both.interval(LEVEL)
    together = _decision(_both(case, case.turned(scenes.both)))
    ever = _decision(_both(case, case.turned(scenes.blocks_only)))
    return replace(
        verdict,
        scenes="same" if together == verdict.kind or verdict.kind == "cannot tell" else "these",
        low_on_scenes=low,
        high_on_scenes=high,
        blocks=scenes.blocks,
        redrawn=scenes.redrawn,
        more_seeds_help=ever == verdict.kind if verdict.kind != "cannot tell" else ever != "cannot tell",
    )


def _untested(case: Case) -> ClaimVerdict:
    verdict, claim = _shown(case), case.claim
    if not math.isfinite(case.estimate.difference):
        return replace(verdict, kind="no verdict", because="there are no numbers")
    if not case.exact and case.estimate.n < 2:
        repeat = "process" if case.estimate.source == "processes" else "training"
        return replace(verdict, kind="no verdict", because=f"one {repeat} decides nothing")
    if claim.word == "reaches":
        kind: Kind = "reproduced" if reproduced(claim, case.estimate.difference) else "not reproduced"
        return replace(verdict, kind=kind, because="on part of the label maps" if case.limited else "")
    if case.limited:
        return replace(verdict, kind="no verdict", because="only some label maps were scored")
    better = case.turned(case.estimate).difference
    kind = exact_kind(claim.word, better, case.margin)
    because = ""
    if claim.word == "beats" and 0 <= better < max(case.margin, ROUNDING):
        because = "by less than the margin" if better else "by equal numbers"
    return replace(verdict, kind=kind, because=because)


def _shown(case: Case) -> ClaimVerdict:
    """The difference with its interval, on the scale that is shown."""
    estimate = case.estimate
    low, high = (math.nan, math.nan) if case.exact else estimate.interval(LEVEL)
    verdict = ClaimVerdict(
        case.claim,
        "no verdict",
        "",
        estimate.difference,
        low,
        high,
        n=0 if case.exact else estimate.n,
        exact=case.exact,
    )
    if not estimate.ratio:
        return verdict
    middle, low, high = (math.exp(value) for value in (estimate.difference, low, high))
    return replace(verdict, difference=middle, low=low, high=high, ratio=True)


def _larger(first: P, second: P) -> P:
    larger: P = np.maximum(first, second)
    return larger


def _smaller(first: P, second: P) -> P:
    smaller: P = np.minimum(first, second)
    return smaller


def of_numbers(first: float, second: float) -> Estimate:
    """Two numbers that nothing random went into."""
    difference = first - second
    if abs(difference) <= ROUNDING * max(abs(first), abs(second)):
        difference = 0.0
    return Estimate(difference, 0.0, 0, 1, "count")


def counts_of(verdicts: Sequence[ClaimVerdict]) -> Mapping[Kind, int]:
    """How often each verdict came out, in the order of appearance."""
    counts: dict[Kind, int] = {}
    for verdict in verdicts:
        counts[verdict.kind] = counts.get(verdict.kind, 0) + 1
    return counts
