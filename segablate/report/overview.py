"""The pictures that belong to no one measure: claims, differences to the baseline, and what a score costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from segablate.evidence.claims import ClaimVerdict
from segablate.evidence.spread import LEVEL, Spread
from segablate.evidence.verdict import Verdict
from segablate.quantity import Direction, quantity
from segablate.report.data import Record
from segablate.report.figures import Point, Row, Rows, Scatter, front
from segablate.report.results import spread_of
from segablate.report.words import counted, stem

MOST_ROWS = 40
MOST_NAMED = 8
# so many times as far from the baseline as all others: on one scale these would be a line of dots
FAR = 4.0
FEW = 0.25  # of the variants, at most, are left off the scale
SCORE = "miou"
COSTS = ("p50_ms", "macs")
SIGNS: dict[Direction, int] = {"higher": 1, "lower": -1, "none": -1}
SOURCES = {
    "seeds": "between seeds",
    "images": "over test images; it says nothing about training again",
    "processes": "between processes",
}
UNITS = {"seeds": "seed", "images": "image", "processes": "process"}

Key = tuple[str, str, str]  # variant, label of the measure, metric


def of_claims(verdicts: Sequence[ClaimVerdict]) -> tuple[Rows, ...]:
    """The claims about the first one's metric, each with its interval; none where nothing random went in."""
    own = [
        verdict
        for verdict in verdicts
        if math.isfinite(verdict.low) and not verdict.exact and verdict.claim.second
    ]
    own = [
        verdict
        for verdict in own
        if (verdict.claim.metric, verdict.ratio) == (own[0].claim.metric, own[0].ratio)
    ]
    if not own:
        return ()
    metric = own[0].claim.metric
    several = len({(verdict.claim.margin, verdict.claim.printed) for verdict in own}) > 1
    return (
        Rows(
            name="claims",
            caption=f"Claims about {quantity(metric).title}: the first variant of each against the second, "
            f"with 95 % intervals. Shaded: {'the smallest of their margins' if several else 'the margin'}.",
            metric=metric,
            rows=tuple(
                Row(
                    verdict.claim.text,
                    verdict.difference,
                    (verdict.low, verdict.high),
                    verdict.kind,
                    f"n = {verdict.n}",
                )
                for verdict in own[:MOST_ROWS]
            ),
            form="differences",
            against="the second variant",
            margin=min(
                part.value
                for verdict in own
                for part in (verdict.claim.margin, verdict.claim.printed)
                if part
            ),
            ratio=own[0].ratio,
        ),
    )


def differences(verdicts: Mapping[Key, Verdict]) -> tuple[Rows, ...]:
    """A picture for each measure and metric whose differences have intervals: counts need none."""
    grouped: dict[tuple[str, str], list[tuple[str, Verdict]]] = {}
    for (variant, measure, metric), verdict in verdicts.items():
        if verdict.source != "count" and math.isfinite(verdict.difference):
            grouped.setdefault((measure, metric), []).append((variant, verdict))
    drawn: list[Rows] = []
    for (measure, metric), variants in grouped.items():
        name = stem(f"effects-{measure}-{metric}", [figure.name for figure in drawn])
        drawn.append(_differences(name, measure, metric, variants))
    return tuple(drawn)


def _differences(name: str, measure: str, metric: str, variants: Sequence[tuple[str, Verdict]]) -> Rows:
    first = variants[0][1]
    sources = "; ".join(dict.fromkeys(_source(verdict) for _, verdict in variants))
    shown = variants[:MOST_ROWS]
    left = f" The first {MOST_ROWS} of {len(variants)}." if len(variants) > len(shown) else ""
    far = _far([verdict for _, verdict in shown])
    off = " Where an arrow leaves the scale, the value is far beyond it." if any(far) else ""
    known = any(math.isfinite(verdict.low) for _, verdict in variants)
    ends = f"with its {first.level:.0%} interval ({sources})" if known else f"without intervals ({sources})"
    return Rows(
        name=name,
        caption=f"{quantity(metric).title} under {measure}: difference to the baseline {ends}. "
        f"Differences inside the shaded margin do not matter.{off}{left}",
        metric=metric,
        rows=tuple(
            _row(variant, verdict, beyond) for (variant, verdict), beyond in zip(shown, far, strict=True)
        ),
        form="differences",
        margin=first.margin,
        ratio=first.ratio,
    )


def _row(variant: str, verdict: Verdict, beyond: bool) -> Row:
    whole = math.isfinite(verdict.low) and math.isfinite(verdict.high)
    kind = "(one training each)" if verdict.source == "images" else verdict.kind
    return Row(
        variant,
        verdict.difference,
        (verdict.low, verdict.high) if whole else None,
        kind,
        f"n = {_n(verdict)}",
        beyond,
    )


def _far(verdicts: Sequence[Verdict]) -> list[bool]:
    """Whether each is one of few that lie many times as far out as all others reach."""
    near, reach = zip(*(_extent(verdict) for verdict in verdicts), strict=True)
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


def _n(verdict: Verdict) -> str:
    unit = UNITS.get(verdict.source, verdict.source)
    return counted(verdict.n, unit, verdict.source)


def _source(verdict: Verdict) -> str:
    if not math.isfinite(verdict.low):
        return f"{_n(verdict)}: no interval"
    return SOURCES.get(verdict.source, verdict.source)


def costs(records: Sequence[Record]) -> tuple[Scatter, ...]:
    """Accuracy over latency and over multiply-adds, of each measure that at least two variants have."""
    groups: dict[tuple[str, str], list[Record]] = {}
    labels: dict[str, dict[str, None]] = {metric: {} for metric in (SCORE, *COSTS)}
    for record in records:
        groups.setdefault((record.variant, record.measure), []).append(record)
        # a ceiling is no accuracy
        for taken in record.outcome.measurements if record.outcome and record.use != "oracle" else ():
            if taken.metric in labels:
                labels[taken.metric][record.measure] = None
    drawn: list[Scatter] = []
    for score in labels[SCORE]:
        for metric, cost in ((name, label) for name in COSTS for label in labels[name]):
            name = stem(f"{score}-over-{metric}-{cost}", [figure.name for figure in drawn])
            scatter = _scatter(records, groups, score, cost, metric)
            drawn += [replace(scatter, name=name)] if scatter else []
    return tuple(drawn)


def _scatter(
    records: Sequence[Record],
    groups: Mapping[tuple[str, str], Sequence[Record]],
    score: str,
    cost: str,
    metric: str,
) -> Scatter | None:
    placed: list[tuple[str, Spread, Spread]] = []
    for variant in dict.fromkeys(record.variant for record in records):
        x = spread_of(groups.get((variant, cost), ()), metric)
        y = spread_of(groups.get((variant, score), ()), SCORE)
        # a logarithmic axis has no place for what costs nothing
        if x and y and x.value > 0:
            placed.append((variant, x, y))
    if len(placed) < 2:
        return None
    horizontal, vertical = quantity(metric), quantity(SCORE)
    signs = {"x_sign": SIGNS[horizontal.direction], "y_sign": SIGNS[vertical.direction]}
    best = front([(x.value, y.value) for _, x, y in placed], **signs)
    base = {record.variant for record in records if record.baseline}
    rank = sorted(
        range(len(placed)), key=lambda at: (placed[at][0] not in base, not best[at], -placed[at][2].value)
    )
    points = tuple(
        _point(*triple, triple[0] in base, best[at], at in rank[:MOST_NAMED])
        for at, triple in enumerate(placed)
    )
    grey = f" The {MOST_NAMED} best of {len(points)} are named." if len(points) > MOST_NAMED else ""
    return Scatter(
        name="",
        caption=f"{vertical.title} under {score} over {horizontal.title} under {cost}. Filled: no other "
        f"variant is better in one and as good in the other. {_whiskers(points)}{grey}",
        x_metric=metric,
        y_metric=SCORE,
        points=points,
    )


def _point(variant: str, x: Spread, y: Spread, baseline: bool, first: bool, named: bool) -> Point:
    # no whisker of the median's reaches below zero, Student's may
    x_interval = x.interval if x.interval and x.interval[0] > 0 else None
    n = f"n = {counted(y.n, y.by)} of the score"
    return Point(variant, x.value, y.value, x_interval, y.interval, baseline, first, n, named)


def _whiskers(points: Sequence[Point]) -> str:
    if not any(point.x_interval or point.y_interval for point in points):
        return "One sample each: whether the front holds is unknown."
    return f"Whiskers are {LEVEL:.0%} intervals; {' or '.join(sorted({point.n for point in points}))}."
