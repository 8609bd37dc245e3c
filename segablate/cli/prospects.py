"""What `plan` says of claims: which can be decided by what is planned, and about how many seeds would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from segablate.errors import SegablateError

if TYPE_CHECKING:
    from segablate.evidence.claim import Claim
    from segablate.run.prospects import Prospect


def spreads(texts: Sequence[str]) -> dict[str, float]:
    """What `--sd miou=0.4` says, by metric, on the scale of comparison.

    Raises:
        SegablateError: one is not `METRIC=VALUE`, or of a metric or in a unit that is not there.
    """
    import math

    from segablate.study.margins import compared, in_unit
    from segablate.study.source import parse

    by_metric = {}
    for text in texts:
        metric, equals, value = text.partition("=")
        if not equals:
            raise SegablateError("this has no `=`", where=f"--sd {text}", hint="write `--sd miou=0.4`")
        source = parse(value, f"--sd {text}", lines=False)
        what = compared(source, "", metric.strip())
        margin = in_unit(source, "", what, source.data)
        if margin.relative and what.compared != "ratio":
            hint = "write it in the unit that reports show"
            raise SegablateError(f"`{value}` is a share", where=source.name, hint=hint)
        by_metric[what.metric] = math.log1p(margin.value) if what.compared == "ratio" else margin.value
    return by_metric


def lines(prospects: Sequence[Prospect]) -> Iterator[str]:
    """A line a claim."""
    for prospect in prospects:
        claim = prospect.claim
        yield f"“{claim.text}” ({claim.metric}): {_expectation(prospect)}{_apart(claim)}"


def notes(claims: Sequence[Claim]) -> Iterator[str]:
    """Claims of which not both can be right."""
    from segablate.evidence.claim import contradictions

    for first, second in contradictions(claims):
        yield f"note: “{first.text}” and “{second.text}” contradict each other: not both can be confirmed"


def _expectation(prospect: Prospect) -> str:
    if not prospect.seeded:
        return "can be decided: chance has no part in it"
    if prospect.planned < 2:
        return "has one seed and cannot be decided"
    if prospect.claim.word == "reaches":
        return f"can be decided by the mean of {prospect.planned} seeds"
    if prospect.needed is None:
        return f"{prospect.planned} seeds; how many would decide it nobody knows: nothing like it is stored"
    likely = "may" if prospect.decidable else "can hardly"
    return f"{prospect.planned} seeds {likely} decide it; {_needed(prospect)}"


def _needed(prospect: Prospect) -> str:
    low, high = prospect.needed or (None, None)
    if low is None:
        return f"1,000 would not, going by {prospect.basis}"
    if low == high:
        return f"about {low:,} would, going by {prospect.basis}"
    return f"about {low:,} to {high:,} would, going by {prospect.basis}" if high else f"{low:,} or more would"


def _apart(claim: Claim) -> str:
    if len(claim.apart) < 2:
        return ""
    return f"; the two differ in {', '.join(axis for axis, _, _ in claim.apart)}"
