"""Verdicts in words: the table against the baseline, and the sentences of the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from segablate.evidence.verdict import Verdict
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.contexts import baselines
from segablate.report.data import Record
from segablate.report.verdicts import Verdicts
from segablate.report.words import counted, listed, signed

MOST_NAMED = 4
OVER_IMAGES = (
    "Where n is images, the networks stayed and the images were drawn again: "
    "it says nothing about training again."
)
N = {"seeds": "seed", "images": "image", "processes": "process"}


def against(judged: Verdicts, records: Sequence[Record]) -> Table | None:
    """Every verdict that something random goes into, a row each; None where there is none."""
    rows, base = [], baselines(records)
    shown = {key: one for key, one in judged.items() if one.source != "count"}
    measures = {measure for _, measure, _ in shown}
    for (variant, measure, metric), one in shown.items():
        what = quantity(metric)
        title = what.title if len(measures) == 1 else f"{measure}: {what.title}"
        rows.append(
            (
                Cell(variant),
                Cell(base[variant] or ""),
                Cell(title),
                Cell(verdict(one)),
                Cell(difference(one, what)),
                Cell(number(one)),
                Cell(least(one, what)),
            )
        )
    if not rows:
        return None
    head = ("variant", "against", "quantity", "verdict", "difference (95 % interval)", "n", "can tell")
    return Table(head, tuple(rows), words=4, below=tuple(_below(shown)))


def verdict(one: Verdict) -> str:
    """The verdict, and what would decide it."""
    if one.kind != "undecided":
        return one.kind
    if one.source == "images":
        return "undecided on these images"
    if one.n < 2:
        return f"undecided ({number(one) if one.n else 'nothing to pair'})"
    if one.needed is None:
        return f"undecided (1,000 {_many(one)} would not decide)"
    return f"undecided ({one.needed:,} {_many(one)} would decide)"


def difference(one: Verdict, what: Quantity) -> str:
    """`+0.40 points [+0.12, +0.68]`, `×1.12 [1.08, 1.16]`."""
    if math.isnan(one.difference):
        return "–"
    known = not math.isnan(one.low)
    if one.ratio:
        return f"×{one.difference:.3f}" + (f" [{one.low:.3f}, {one.high:.3f}]" if known else "")
    unit = f" {unit_of(what)}" if unit_of(what) else ""
    ends = f" [{_shown(one.low, what)}, {_shown(one.high, what)}]" if known else ""
    return f"{_shown(one.difference, what)}{unit}{ends}"


def number(one: Verdict) -> str:
    """`5 seeds`."""
    return counted(one.n, N[one.source], _many(one))


def least(one: Verdict, what: Quantity) -> str:
    """The smallest difference that could have been told."""
    if one.detectable is None:
        return "–"
    if one.ratio:
        return f"{100 * one.detectable:.1f} %"
    return f"{one.detectable * what.scale:,.{what.digits}f}{f' {unit_of(what)}' if unit_of(what) else ''}"


def unit_of(what: Quantity) -> str:
    """Unit of a difference: points where the number is a percentage."""
    return "points" if what.shown_unit == "%" else what.shown_unit


def sentences(judged: Verdicts, records: Sequence[Record]) -> list[str]:
    """For the first metric of each measure what can be said of each variant."""
    said, base = [], baselines(records)
    shown = {key: one for key, one in judged.items() if one.source != "count"}
    for measure in dict.fromkeys(measure for _, measure, _ in shown):
        metric = next(metric for _, label, metric in shown if label == measure)
        own = {variant: one for (variant, label, m), one in shown.items() if (label, m) == (measure, metric)}
        said.append(_sentence(measure, quantity(metric), own, base))
    return said


def _sentence(
    measure: str, what: Quantity, own: Mapping[str, Verdict], base: Mapping[str, str | None]
) -> str:
    one = next(iter(own.values()))
    sources = dict.fromkeys(verdict.source for verdict in own.values())
    sizes = [_size([verdict for verdict in own.values() if verdict.source == each]) for each in sources]
    head = f"{what.title} under {measure} ({' or '.join(sizes)}, margin {margin(one, what)})"
    several = len({base[variant] for variant in own}) > 1
    kinds = [kind for kind in KINDS if any(told.kind == kind for told in own.values())]
    parts = []
    for kind in kinds:
        named = [f"{variant} ({_brief(told, what)})" for variant, told in own.items() if told.kind == kind]
        if len(named) > MOST_NAMED:
            named = [*named[: MOST_NAMED - 1], f"{len(named) - MOST_NAMED + 1} more"]
        parts.append(f"{KINDS[kind]} {listed(named)}")
    whom = "the baseline under the same conditions" if several else _baseline(base, own)
    return f"{head}, against {whom}: {'; '.join(parts)}."


def _size(verdicts: Sequence[Verdict]) -> str:
    """`5 seeds`, or the range where they differ."""
    least, most = (pick(verdicts, key=lambda one: one.n) for pick in (min, max))
    return number(most) if least.n == most.n else f"{least.n:,} to {number(most)}"


def _baseline(base: Mapping[str, str | None], own: Mapping[str, Verdict]) -> str:
    name = base[next(iter(own))]
    return "the baseline" if name == "baseline" else f"the baseline {name}"


def _brief(one: Verdict, what: Quantity) -> str:
    told = difference(one, what)
    return f"{told}; {verdict(one)[11:-1]}" if verdict(one).startswith("undecided (") else told


def margin(one: Verdict, what: Quantity) -> str:
    """`±0.50 points`, `2 %`, or none."""
    if not one.margin:
        return "none"
    if one.ratio:
        return f"{100 * one.margin:g} %"
    unit = f" {unit_of(what)}" if unit_of(what) else ""
    return f"±{one.margin * what.scale:,.{what.digits}f}{unit}"


def _below(shown: Verdicts) -> list[str]:
    margins = dict.fromkeys(
        f"{quantity(m).title} {margin(one, quantity(m))}" for (_, _, m), one in shown.items()
    )
    said = [
        "Better and worse: told from no difference. Equivalent: inside the margin, however sure the sign is. "
        f"Each at 5 %, corrected for {_family(shown)} of this table (Holm). "
        "The intervals are 95 % each and not corrected.",
        f"Margins: {listed(list(margins))}.",
        "Can tell: the smallest true difference that this n and spread tell from none 8 times of 10.",
    ]
    if any(one.source == "images" for one in shown.values()):
        said.append(OVER_IMAGES)
    return said


def _family(shown: Verdicts) -> str:
    tests = sum(one.p is not None for one in shown.values())
    return f"the {tests:,} comparisons" if tests > 1 else "all comparisons"


def _shown(value: float, what: Quantity) -> str:
    return signed(value * what.scale, what.digits)


def _many(one: Verdict) -> str:
    return one.source


KINDS = {
    "better": "better is",
    "worse": "worse is",
    "equivalent": "equivalent is",
    "undecided": "undecided is",
}
