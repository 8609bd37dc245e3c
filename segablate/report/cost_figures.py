"""Costs as pictures in data: where the operations sit, and how they change with the output stride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.quantity import quantity
from segablate.report.costs import GROUPS, Costing, by_measure, families
from segablate.report.figures import Bar, Bars, Curve, Figure
from segablate.report.words import listed, stem

MOST_BARS = 24
OVER_STRIDE = ("operations", "params")


def figures(found: Sequence[Costing]) -> tuple[Figure | Bars, ...]:
    """All pictures of costs, measure by measure."""
    drawn: list[Figure | Bars | None] = []
    stems: list[str] = []
    for label, own in by_measure(found).items():
        stems.append(stem(label, stems))
        curves = families(own)
        if curves:
            drawn += [over_stride(curves, metric, stems[-1]) for metric in OVER_STRIDE]
        else:
            drawn.append(where_it_sits(own, stems[-1]))
    return tuple(figure for figure in drawn if figure)


def where_it_sits(own: Sequence[Costing], called: str) -> Bars | None:
    """A bar a variant at the baseline's input, stacked by the parts that are counted."""
    base = next((one for one in own if one.record.baseline), own[0])
    like = [one for one in own if one.input == base.input][:MOST_BARS]
    wanted = _counted(base)
    if not wanted or not all(set(wanted) <= set(one.groups) for one in like):
        return None
    bars = tuple(Bar(one.variant, tuple(float(one.groups[name]) for name in wanted)) for one in like)
    at = listed(list(base.input))
    return Bars(
        name=f"where-it-sits-{called}",
        caption=f"Multiply-adds by part of the network, {at}.",
        metric="macs",
        parts=wanted,
        bars=bars,
    )


def over_stride(
    curves: Mapping[tuple[str, ...], Sequence[Costing]], metric: str, called: str
) -> Figure | None:
    """A metric over the output stride, a line for each family and input; what costs nothing is left out."""
    several = {name[1:] for name in curves}
    lines, free = [], []
    for (family, *given), own in curves.items():
        y = tuple(one.value(metric) for one in own)
        if not all(value > 0 for value in y):
            free.append(family)
            continue
        other = ", ".join(word for at, word in enumerate(given) if len({one[at] for one in several}) > 1)
        label = f"{family}, {other}" if other else family
        lines.append(Curve(label, other, family, family, tuple(float(one.stride or 0) for one in own), y))
    if not lines:
        return None
    told = f" {listed(list(dict.fromkeys(free)))} {_have(free)} none." if free else ""
    first = next(iter(curves.values()))[0]
    return Figure(
        name=f"{metric}-over-stride-{called}",
        caption=f"{quantity(metric).title.capitalize()} over the output stride, {first.input[0]}"
        f"{', ' + first.scope if first.scope else ''}.{told}",
        metric=metric,
        x_label="output stride",
        curves=tuple(lines),
    )


def _have(free: Sequence[str]) -> str:
    return "has" if len(set(free)) == 1 else "have"


def _counted(base: Costing) -> tuple[str, ...]:
    """The parts of the scope; all of them where the whole network is counted."""
    scope = str(base.record.reads.get("scope"))
    kept = {"decoder": ("decoder", "upsampler"), "upsampler": ()}.get(scope, GROUPS)
    return tuple(name for name in kept if name in base.groups)
