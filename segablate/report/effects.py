"""Verdicts as pictures in data: each variant's difference to the baseline, its interval and the margin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from segablate.evidence.verdict import Verdict
from segablate.quantity import quantity
from segablate.report.figures import Effect, Effects
from segablate.report.words import counted, stem

MOST_EFFECTS = 40
THINGS = {"seeds": "seed", "images": "image", "processes": "process"}
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


def _effects(name: str, measure: str, metric: str, found: Sequence[tuple[str, Verdict]]) -> Effects:
    first = found[0][1]
    shown = found[:MOST_EFFECTS]
    left = f" The first {MOST_EFFECTS} of {len(found)}." if len(found) > len(shown) else ""
    return Effects(
        name=name,
        caption=f"{quantity(metric).title} under {measure}: difference to the baseline with its "
        f"{first.level:.0%} interval ({_source(first)}). "
        f"Differences inside the shaded margin do not matter.{left}",
        metric=metric,
        ratio=first.ratio,
        level=first.level,
        margin=first.margin,
        effects=tuple(_effect(variant, verdict) for variant, verdict in shown),
    )


def _effect(variant: str, verdict: Verdict) -> Effect:
    whole = math.isfinite(verdict.low) and math.isfinite(verdict.high)
    return Effect(
        label=variant,
        kind=verdict.kind,
        value=verdict.difference,
        interval=(verdict.low, verdict.high) if whole else None,
        n=f"n = {_amount(verdict)}",
    )


def _amount(verdict: Verdict) -> str:
    thing = THINGS.get(verdict.source, verdict.source)
    return counted(verdict.n, thing, PLURAL.get(thing, ""))


def _source(verdict: Verdict) -> str:
    return {
        "seeds": "between seeds",
        "images": "over test images; it says nothing about training again",
        "processes": "between processes",
    }.get(verdict.source, verdict.source)
