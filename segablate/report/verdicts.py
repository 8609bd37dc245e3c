"""Verdicts in words and in tables: against the baseline, and what each component earns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from segablate.evidence.decide import Question, decide
from segablate.evidence.effects import Effect, effects, whole_grid
from segablate.evidence.verdict import Verdict
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.comparisons import (
    Verdicts,
    baselines,
    compared_axes,
    context,
    margin_of,
    metrics_of,
    middle,
)
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.words import counted, listed, signed

OVER_IMAGES = (
    "Where n is images, the networks stayed and the images were drawn again: "
    "it says nothing about training again."
)
UNCORRECTED = "Intervals are 95 % each and not corrected; nothing here carries a verdict."
N = {"seeds": "seed", "images": "image", "processes": "process"}
INTERACTION = {
    "better": "more than their sum",
    "worse": "less than their sum",
    "equivalent": "add up",
    "undecided": "undecided",
}


def against(verdicts: Verdicts, records: Sequence[Record]) -> Table | None:
    """Every verdict that something random goes into, a row each; None where there is none."""
    base = baselines(records)
    shown = {key: comparison for key, comparison in verdicts.items() if comparison.source != "count"}
    several = len({measure for _, measure, _ in shown}) > 1
    rows = []
    for (variant, measure, metric), comparison in shown.items():
        what = quantity(metric)
        title = f"{measure}: {what.title}" if several else what.title
        words = variant, base[variant] or "", title, verdict(comparison)
        rows.append(
            tuple(
                map(Cell, (*words, difference(comparison, what), number(comparison), least(comparison, what)))
            )
        )
    if not rows:
        return None
    margins = dict.fromkeys(
        f"{quantity(m).title} {margin(comparison, quantity(m))}" for (_, _, m), comparison in shown.items()
    )
    tests = sum(comparison.p is not None for comparison in shown.values())
    family = f"the {tests:,} comparisons" if tests > 1 else "all comparisons"
    below = [
        "Better and worse: the difference is distinguishable from zero. Equivalent: inside the margin, "
        f"however sure the sign is. Each at 5 %, corrected for {family} of this table (Holm). "
        "The intervals are 95 % each and not corrected.",
        f"Margins: {listed(list(margins))}.",
        "Detectable: the smallest true difference that this n and spread find 8 times of 10.",
    ]
    below += [OVER_IMAGES] if any(comparison.source == "images" for comparison in shown.values()) else []
    head = ("variant", "against", "quantity", "verdict", "difference (95 % interval)", "n", "detectable")
    return Table(head, tuple(rows), words=4, below=tuple(below))


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


def exploratory(verdicts: Verdicts) -> str:
    """What differs from the baseline in the first metric, where nothing is claimed; "" if it is unknown."""
    random = {key: comparison for key, comparison in verdicts.items() if comparison.source != "count"}
    if not random:
        return ""
    _, measure, metric = next(iter(random))
    own = [comparison for (_, m, name), comparison in random.items() if (m, name) == (measure, metric)]
    if any(comparison.source == "images" for comparison in own):
        return "One training each: nothing is known of what training again would give."
    kinds = Counter(comparison.kind for comparison in own)
    which = listed([f"{count} {'is' if count == 1 else 'are'} {kind}" for kind, count in kinds.items()])
    return f"Exploratory, for nothing was claimed: against the baseline {which}."


def verdict(verdict: Verdict) -> str:
    """The verdict, and what would decide it."""
    if verdict.kind != "undecided":
        return verdict.kind
    if verdict.source == "images":
        return "no verdict (one training each)"
    if verdict.n < 2:
        return f"undecided ({number(verdict) if verdict.n else 'nothing to pair'})"
    if verdict.needed is None:
        return f"undecided (1,000 {verdict.source} would not decide)"
    return f"undecided ({verdict.needed:,} {verdict.source} would decide)"


def difference(verdict: Verdict, what: Quantity) -> str:
    """`+0.40 points [+0.12, +0.68]`, `×1.12 [1.08, 1.16]`."""
    if math.isnan(verdict.difference):
        return "–"
    known = not math.isnan(verdict.low)
    if verdict.ratio:
        return f"×{verdict.difference:.3f}" + (f" [{verdict.low:.3f}, {verdict.high:.3f}]" if known else "")
    middle_, *ends = (
        signed(value * what.scale, what.digits) for value in (verdict.difference, verdict.low, verdict.high)
    )
    return f"{middle_}{_unit(what)}" + (f" [{', '.join(ends)}]" if known else "")


def number(verdict: Verdict) -> str:
    """`5 seeds`."""
    return counted(verdict.n, N[verdict.source], verdict.source)


def least(verdict: Verdict, what: Quantity) -> str:
    """The smallest difference that could have been detected."""
    if verdict.detectable is None:
        return "–"
    if verdict.ratio:
        return f"{100 * verdict.detectable:.1f} %"
    return f"{verdict.detectable * what.scale:,.{what.digits}f}{_unit(what)}"


def margin(verdict: Verdict, what: Quantity) -> str:
    """`±0.50 points`, `2 %`, or none."""
    if not verdict.margin:
        return "none"
    return (
        f"{100 * verdict.margin:g} %"
        if verdict.ratio
        else f"±{verdict.margin * what.scale:,.{what.digits}f}{_unit(what)}"
    )


def unit_of(what: Quantity) -> str:
    """Unit of a difference: points where the number is a percentage."""
    return "points" if what.shown_unit == "%" else what.shown_unit


def _unit(what: Quantity) -> str:
    return f" {unit_of(what)}" if unit_of(what) else ""


def components(study: StudyFacts, records: Sequence[Record]) -> Table | None:
    """What each component earns, alone and once another is there; None where no condition holds a whole grid
    of two axes or more with two seeds."""
    first = sorted(records, key=lambda record: not record.baseline)
    compared = compared_axes(records)
    every = {axis: list(dict.fromkeys(record.choices[axis] for record in first)) for axis in compared}
    labels = {axis: known for axis, known in every.items() if len(known) > 1}
    if len(labels) < 2:
        return None
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Record]] = {}
    for record in records:
        if record.done:
            groups.setdefault((record.measure, context(record.choices, compared)), []).append(record)
    family: dict[tuple[str, str, Effect], Question] = {}
    for (measure, where), own in groups.items():
        for metric in (
            metric_name for metric_name in metrics_of(own) if quantity(metric_name).compared == "difference"
        ):
            title = ", ".join([f"{measure}: {quantity(metric).title}", *(label for _, label in where)])
            questions = _effects(study, own, metric, labels)
            family |= {(title, metric, effect): question for effect, question in questions.items()}
    if not family:
        return None
    made = decide(family)
    rows = [
        _row(title, metric, effect, effect_verdict, labels)
        for (title, metric, effect), effect_verdict in made.items()
    ]
    fewest, most = (pick(effect_verdict.n for effect_verdict in made.values()) for pick in (min, max))
    n = counted(most, "seed") if fewest == most else f"{fewest:,} to {counted(most, 'seed')}"
    below = (
        f"Least squares with the seed as block, n = {n}; one error for all effects of a quantity. Intervals "
        f"are 95 % each; verdicts are corrected for the {len(made):,} effects of this table (Holm).",
    )
    return Table(("quantity", "component", "effect (95 % interval)", "verdict"), tuple(rows), 2, below=below)


def _effects(
    study: StudyFacts, own: Sequence[Record], metric: str, labels: Mapping[str, Sequence[str]]
) -> dict[Effect, Question]:
    cells: dict[tuple[int, ...], dict[int, float]] = {}
    for record in own:
        at = tuple(known.index(record.choices[axis]) for axis, known in labels.items())
        cells.setdefault(at, {})[record.seed] = record.outcome.value(metric) if record.outcome else math.nan
    grid = whole_grid(cells)
    if grid is None or grid[0].shape[:-1] != tuple(map(len, labels.values())):
        return {}
    base = [record for record in own if all(record.choices[a] == known[0] for a, known in labels.items())]
    bound, direction = (
        margin_of(study.margin, metric).beside(middle(base, metric)),
        quantity(metric).direction,
    )
    return {effect: Question(estimate, bound, direction) for effect, estimate in effects(grid[0]).items()}


def _row(
    title: str, metric: str, effect: Effect, verdict: Verdict, labels: Mapping[str, Sequence[str]]
) -> tuple[Cell, ...]:
    known = list(labels.values())
    name = known[effect.axis][effect.choice]
    other = known[effect.other[0]][effect.other[1]] if effect.other else ""
    component = {
        "alone": f"{name} alone",
        "average": f"{name} on average over the others",
        "with": f"{name} once {other} is there",
        "interaction": f"{name} × {other}",
    }[effect.situation]
    kind = INTERACTION[verdict.kind] if effect.situation == "interaction" else verdict.kind
    return Cell(title), Cell(component), Cell(difference(verdict, quantity(metric))), Cell(kind)
