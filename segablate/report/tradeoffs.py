"""What a score costs, as data: accuracy over latency and over multiply-adds, with the front."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.quantity import Direction, quantity
from segablate.report.data import Record
from segablate.report.draw_scatter import front
from segablate.report.figures import Point, Scatter
from segablate.report.spread import LEVEL, Spread, spread
from segablate.report.words import stem

SCORE = "miou"
COSTS = ("p50_ms", "macs")
SIGNS: dict[Direction, int] = {"higher": 1, "lower": -1, "none": -1}


def figures(records: Sequence[Record]) -> tuple[Scatter, ...]:
    """A picture for each accuracy and each cost that at least two variants have."""
    drawn: list[Scatter] = []
    for score in _labels(records, SCORE):
        for metric in COSTS:
            for cost in _labels(records, metric):
                taken = [one.name for one in drawn]
                made = _scatter(records, score, cost, metric, stem(f"{score}-over-{metric}-{cost}", taken))
                drawn += [made] if made else []
    return tuple(drawn)


def _labels(records: Sequence[Record], metric: str) -> list[str]:
    """Labels of the measures that give a metric; a ceiling is no accuracy, so it is left out."""
    return list(
        dict.fromkeys(
            one.measure
            for one in records
            if one.outcome
            and one.use != "oracle"
            and any(m.metric == metric for m in one.outcome.measurements)
        )
    )


def _scatter(records: Sequence[Record], score: str, cost: str, metric: str, name: str) -> Scatter | None:
    found: list[tuple[str, Spread, Spread]] = []
    groups: dict[tuple[str, str], list[Record]] = {}
    for one in records:
        groups.setdefault((one.variant, one.measure), []).append(one)
    for variant in dict.fromkeys(one.variant for one in records):
        x = spread(groups.get((variant, cost), []), metric)
        y = spread(groups.get((variant, score), []), SCORE)
        # a logarithmic axis has no place for what costs nothing
        if x and y and x.value > 0:
            found.append((variant, x, y))
    if len(found) < 2:
        return None
    horizontal, vertical = quantity(metric), quantity(SCORE)
    best = front(
        [(x.value, y.value) for _, x, y in found],
        x_sign=SIGNS[horizontal.direction],
        y_sign=SIGNS[vertical.direction],
    )
    base = {one.variant for one in records if one.baseline}
    points = tuple(_point(*one, one[0] in base, first) for one, first in zip(found, best, strict=True))
    return Scatter(
        name=name,
        caption=f"{vertical.title} under {score} over {horizontal.title} under {cost}. "
        f"Filled: no other variant is better in one and as good in the other. {_whiskers(points)}",
        x_metric=metric,
        y_metric=SCORE,
        points=points,
    )


def _point(variant: str, x: Spread, y: Spread, baseline: bool, first: bool) -> Point:
    # no whisker of the median's reaches below zero, Student's may
    x_interval = x.interval if x.interval and x.interval[0] > 0 else None
    told = f"{y.told()} of the score"
    return Point(variant, x.value, y.value, x_interval, y.interval, baseline, first, told)


def _whiskers(points: Sequence[Point]) -> str:
    counts = sorted({one.n for one in points})
    if not any(one.x_interval or one.y_interval for one in points):
        return "One sample each: whether the front holds cannot be told."
    return f"Whiskers are {LEVEL:.0%} intervals; {' or '.join(counts)}."
