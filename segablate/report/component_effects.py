"""What each component earns, alone and once another is there: a table, where the grid is whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from segablate.evidence.decide import Question, decide
from segablate.evidence.effects import Effect, effects, whole_grid
from segablate.evidence.verdict import Verdict
from segablate.quantity import quantity
from segablate.report.blocks import Cell, Table
from segablate.report.contexts import compared_axes, context
from segablate.report.data import Record
from segablate.report.estimated import margin_of, middle
from segablate.report.facts import StudyFacts
from segablate.report.judged import difference
from segablate.report.words import counted

INTERACTION = {
    "better": "more than their sum",
    "worse": "less than their sum",
    "equivalent": "add up",
    "undecided": "undecided",
}


def component_effects(study: StudyFacts, records: Sequence[Record]) -> Table | None:
    """The table, or None where no condition holds a whole grid of two axes or more with two seeds."""
    first = sorted(records, key=lambda record: not record.baseline)
    compared = compared_axes(records)
    every = {axis: list(dict.fromkeys(record.choices[axis] for record in first)) for axis in compared}
    labels = {axis: known for axis, known in every.items() if len(known) > 1}
    if len(labels) < 2:
        return None
    family: dict[tuple[str, str, Effect], Question] = {}
    for (measure, where), own in _groups(records, compared).items():
        for metric in _metrics(own):
            title = ", ".join([f"{measure}: {quantity(metric).title}", *(label for _, label in where)])
            asked = _questions(study, own, metric, labels)
            family |= {(title, metric, effect): question for effect, question in asked.items()}
    if not family:
        return None
    judged = decide(family)
    rows = [_row(title, metric, effect, one, labels) for (title, metric, effect), one in judged.items()]
    least, most = (pick(one.n for one in judged.values()) for pick in (min, max))
    n = counted(most, "seed") if least == most else f"{least:,} to {counted(most, 'seed')}"
    below = (
        f"Least squares with the seed as block, n = {n}; one error for all effects of a quantity. "
        "Intervals are 95 % each; "
        f"verdicts are corrected for the {len(judged):,} effects of this table (Holm).",
    )
    return Table(("quantity", "component", "effect (95 % interval)", "verdict"), tuple(rows), 2, below=below)


def _questions(
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
    margin = margin_of(study.margin, metric).beside(middle(base, metric))
    direction = quantity(metric).direction
    found = effects(grid[0])
    return {effect: Question(one, margin, direction) for effect, one in found.items()}


def _row(
    title: str, metric: str, effect: Effect, one: Verdict, labels: Mapping[str, Sequence[str]]
) -> tuple[Cell, ...]:
    known = list(labels.values())
    name = known[effect.axis][effect.choice]
    other = known[effect.other[0]][effect.other[1]] if effect.other else ""
    told = {
        "alone": f"{name} alone",
        "average": f"{name} on average over the others",
        "with": f"{name} once {other} is there",
        "interaction": f"{name} × {other}",
    }[effect.situation]
    said = INTERACTION[one.kind] if effect.situation == "interaction" else one.kind
    return Cell(title), Cell(told), Cell(difference(one, quantity(metric))), Cell(said)


def _groups(
    records: Sequence[Record], compared: Sequence[str]
) -> dict[tuple[str, tuple[tuple[str, str], ...]], list[Record]]:
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Record]] = {}
    for record in records:
        if record.done:
            groups.setdefault((record.measure, context(record.choices, compared)), []).append(record)
    return groups


def _metrics(own: Sequence[Record]) -> list[str]:
    taken = (m.metric for record in own if record.outcome for m in record.outcome.measurements)
    return [metric for metric in dict.fromkeys(taken) if quantity(metric).compared == "difference"]
