"""Verdicts in words: the table against the baseline, and the sentences of the answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from segablate.evidence.verdict import Verdict
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.contexts import baselines
from segablate.report.data import Record
from segablate.report.verdicts import Verdicts
from segablate.report.words import counted, listed, signed

OVER_IMAGES = (
    "Where n is images, the networks stayed and the images were drawn again: "
    "it says nothing about training again."
)
UNCORRECTED = "Intervals are 95 % each and not corrected; nothing here carries a verdict."
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


def without_verdicts(table: Table) -> Table:
    """The table without its column of verdicts: where a study claims something, only claims have one."""
    at = table.head.index("verdict")
    return replace(
        table,
        head=(*table.head[:at], *table.head[at + 1 :]),
        rows=tuple((*row[:at], *row[at + 1 :]) for row in table.rows),
        words=table.words - (at < table.words),
        below=(UNCORRECTED,),
    )


def exploratory(judged: Verdicts, records: Sequence[Record]) -> str:
    """What differs from the baseline in the first metric, where nothing is claimed; "" if it is unknown."""
    random = {key: one for key, one in judged.items() if one.source != "count"}
    if not random:
        return ""
    _, measure, metric = next(iter(random))
    own = {v: one for (v, m, name), one in random.items() if (m, name) == (measure, metric)}
    if any(one.source == "images" for one in own.values()):
        return "One training each: nothing is known of what training again would give."
    kinds = Counter(one.kind for one in own.values())
    told = listed([f"{count} {'is' if count == 1 else 'are'} {kind}" for kind, count in kinds.items()])
    return f"Exploratory, for nothing was claimed: against the baseline {told}."


def verdict(one: Verdict) -> str:
    """The verdict, and what would decide it."""
    if one.kind != "undecided":
        return one.kind
    if one.source == "images":
        return "no verdict (one training each)"
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
