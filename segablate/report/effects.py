"""Verdicts as pictures in data: each variant's difference to the baseline, its interval and the margin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from segablate.evidence.claims import ClaimVerdict
from segablate.evidence.verdict import Verdict
from segablate.quantity import quantity
from segablate.report.figures import Effect, Effects
from segablate.report.words import counted, stem

MOST_EFFECTS = 40
# so many times as far from the baseline as all others: on one scale these would be a line of dots
FAR = 4.0
FEW = 0.25  # of the variants, at most, are left off the scale
THINGS = {"seeds": "seed", "images": "image", "processes": "process"}
ONE = "(one training each)"
PLURAL = {"process": "processes"}

Key = tuple[str, str, str]  # variant, label of the measure, metric


def figures(verdicts: Mapping[Key, Verdict]) -> tuple[Effects, ...]:
    """A picture for each measure and metric whose differences have intervals: counts need none."""
    grouped: dict[tuple[str, str], list[tuple[str, Verdict]]] = {}
    for (variant, measure, metric), verdict in verdicts.items():
        if verdict.source != "count" and math.isfinite(verdict.difference):
            grouped.setdefault((measure, metric), []).append((variant, verdict))
    drawn: list[Effects] = []
    for (measure, metric), found in grouped.items():
        name = stem(f"effects-{measure}-{metric}", [one.name for one in drawn])
        drawn.append(_effects(name, measure, metric, found))
    return tuple(drawn)


def of_claims(verdicts: Sequence[ClaimVerdict]) -> tuple[Effects, ...]:
    """The claims about the first one's metric, each with its interval; none where nothing random went in."""
    own = [one for one in verdicts if math.isfinite(one.low) and not one.exact and one.claim.second]
    own = [one for one in own if (one.claim.metric, one.ratio) == (own[0].claim.metric, own[0].ratio)]
    if not own:
        return ()
    first, what = own[0].claim, quantity(own[0].claim.metric)
    several = len({(one.claim.margin, one.claim.printed) for one in own}) > 1
    return (
        Effects(
            name="claims",
            caption=f"Claims about {what.title}: the first variant of each against the second, with 95 % "
            f"intervals. Shaded: {'the smallest of their margins' if several else 'the margin'}.",
            metric=first.metric,
            ratio=own[0].ratio,
            level=0.95,
            margin=min(part.value for one in own for part in (one.claim.margin, one.claim.printed) if part),
            effects=tuple(
                Effect(one.claim.text, one.kind, one.difference, (one.low, one.high), f"n = {one.n}")
                for one in own[:MOST_EFFECTS]
            ),
            against="the second variant",
        ),
    )


def _effects(name: str, measure: str, metric: str, found: Sequence[tuple[str, Verdict]]) -> Effects:
    first = found[0][1]
    sources = "; ".join(dict.fromkeys(_source(one) for _, one in found))
    shown = found[:MOST_EFFECTS]
    left = f" The first {MOST_EFFECTS} of {len(found)}." if len(found) > len(shown) else ""
    far = _far([verdict for _, verdict in shown])
    off = " Where an arrow leaves the scale, the value is far beyond it." if any(far) else ""
    known = any(math.isfinite(one.low) for _, one in found)
    ends = f"with its {first.level:.0%} interval ({sources})" if known else f"without intervals ({sources})"
    return Effects(
        name=name,
        caption=f"{quantity(metric).title} under {measure}: difference to the baseline {ends}. "
        f"Differences inside the shaded margin do not matter.{off}{left}",
        metric=metric,
        ratio=first.ratio,
        level=first.level,
        margin=first.margin,
        effects=tuple(
            _effect(variant, verdict, beyond) for (variant, verdict), beyond in zip(shown, far, strict=True)
        ),
    )


def _far(verdicts: Sequence[Verdict]) -> list[bool]:
    """Whether each is one of few that lie many times as far out as all others reach."""
    near, reach = zip(*(_extent(one) for one in verdicts), strict=True)
    order = sorted(range(len(verdicts)), key=lambda at: near[at])
    for first in range(max(1, math.ceil(len(order) * (1 - FEW))), len(order)):
        others = max([verdicts[0].margin, *(reach[at] for at in order[:first])])
        if near[order[first]] > FAR * others:
            return [at in order[first:] for at in range(len(order))]
    return [False] * len(order)


def _extent(verdict: Verdict) -> tuple[float, float]:
    """How far the ends of an interval are from no difference, the nearer first; of the value, without one."""
    none = 1.0 if verdict.ratio else 0.0
    ends = [end - none for end in (verdict.low, verdict.difference, verdict.high) if math.isfinite(end)]
    nearest = 0.0 if min(ends) < 0 < max(ends) else min(map(abs, ends))
    return nearest, max(map(abs, ends))


def _effect(variant: str, verdict: Verdict, beyond: bool) -> Effect:
    whole = math.isfinite(verdict.low) and math.isfinite(verdict.high)
    return Effect(
        label=variant,
        kind=ONE if verdict.source == "images" else verdict.kind,
        value=verdict.difference,
        interval=(verdict.low, verdict.high) if whole else None,
        n=f"n = {_amount(verdict)}",
        beyond=beyond,
    )


def _amount(verdict: Verdict) -> str:
    thing = THINGS.get(verdict.source, verdict.source)
    return counted(verdict.n, thing, PLURAL.get(thing, ""))


def _source(verdict: Verdict) -> str:
    if not math.isfinite(verdict.low):
        return f"{_amount(verdict)} tells of no spread"
    return {
        "seeds": "between seeds",
        "images": "over test images; it says nothing about training again",
        "processes": "between processes",
    }.get(verdict.source, verdict.source)
