"""The main table of a page: what was varied against the headline numbers, small enough to be read.

    two compared axes, whole grid     rows × columns of one metric, others beside it while there is room
    chosen, cumulative, leave-one-out a tick for each part that is there, as papers print it
    everything else                   one row a variant

A variant that was not measured has an empty cell, and one sentence below says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from segablate.quantity import Quantity, quantity
from segablate.report import names
from segablate.report.blocks import Cell, Table
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.published import Comparison
from segablate.report.readers.base import reader
from segablate.report.results import frame
from segablate.report.spread import hover
from segablate.report.words import counted

MOST_ROWS, MOST_PRINTED_ROWS = 14, 24
MOST_COLUMNS = 9
MOST_GRID = 8  # columns of one metric
TICKED = ("chosen", "cumulative", "leave-one-out")
MOST_TICKED = 4
TICK = "✓"


@dataclass(frozen=True)
class Headline:
    """A number that a measure leads with.

    Attributes:
        measure: label of the measure.
        metric: what it is.
        heading: with its unit.
    """

    measure: str
    metric: str
    heading: str

    @property
    def quantity(self) -> Quantity:
        """What the metric means."""
        return quantity(self.metric)


class Stats(NamedTuple):
    """What the repeats of a variant come to, in the stored unit."""

    mean: float
    std: float
    repeats: int


Key: TypeAlias = tuple[str, str, str]  # measure, metric, variant


@dataclass(frozen=True)
class Numbers:
    """The headline numbers of a study, grouped.

    Attributes:
        told: measure, metric and variant → mean, standard deviation and number of repeats.
        headlines: what leads, the first being what the study is about.
        choices: variant → axis → choice, of variants that have a headline number.
        names: variant → what a reader calls it.
        baseline: the variants that are baselines.
        records: the records of each measure and variant.
    """

    told: Mapping[Key, Stats]
    headlines: tuple[Headline, ...]
    choices: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]
    baseline: frozenset[str]
    records: Mapping[tuple[str, str], Sequence[Record]] = field(repr=False)

    @property
    def repeated(self) -> list[int]:
        """How often what leads was measured, where it was more than once; ascending."""
        leading = {(one.measure, one.metric) for one in self.headlines}
        counts = {own.repeats for key, own in self.told.items() if key[:2] in leading}
        return sorted(counts - {1})

    def mean(self, one: Headline, variant: str) -> float:
        """NaN where it was not measured."""
        found = self.told.get((one.measure, one.metric, variant))
        return found.mean if found else math.nan

    def cell(self, one: Headline, variant: str) -> Cell:
        """The mean, with the standard deviation over repeats; empty where it was not measured."""
        found = self.told.get((one.measure, one.metric, variant))
        if found is None:
            return Cell("")
        own = self.records.get((one.measure, variant), ())
        return Cell(number(found, one.quantity), hover=hover(own, one.metric))


def numbers_of(study: StudyFacts, records: Sequence[Record]) -> Numbers:
    """Group the numbers of a study; the first headline is what its first claim is about, where it claims."""
    all_ = frame(records)
    kept = all_[all_["value"].notna()] if len(all_) else all_
    groups = kept.groupby(["measure", "metric", "variant"], sort=False)["value"].agg(["mean", "std", "count"])
    told = {
        (str(measure), str(metric), str(variant)): Stats(float(mean), float(std), int(count))
        for (measure, metric, variant), mean, std, count in groups.itertuples()
    }
    headlines = _headlines(study, records, told)
    leading = {(one.measure, one.metric) for one in headlines}
    shown = {variant for measure, metric, variant in told if (measure, metric) in leading}
    own: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        own.setdefault((record.measure, record.variant), []).append(record)
    return Numbers(
        told=told,
        headlines=headlines,
        choices={one.variant: one.choices for one in records if one.variant in shown},
        names=names.variants(records),
        baseline=frozenset(one.variant for one in records if one.baseline),
        records=own,
    )


def main_table(study: StudyFacts, numbers: Numbers, printed: Sequence[Comparison] = ()) -> Table | None:
    """The table; None where nothing was measured.

    Args:
        study: what it claims, and how its variants were made.
        numbers: its numbers.
        printed: published values beside measured ones.
    """
    if not numbers.choices or not numbers.headlines:
        return None
    axes = names.varying(numbers.choices)
    grid = None if study.design in TICKED else _grid(numbers, axes)
    table = _matrix(numbers, *grid, printed) if grid else _rows(study, numbers, axes, printed)
    return table


def number(found: Stats, what: Quantity) -> str:
    """`56.7 ± 0.6`: as many digits as the standard deviation allows."""
    if found.repeats < 2 or math.isnan(found.std):
        return what.shown(found.mean)
    scaled = found.std * what.scale
    digits = what.digits if scaled == 0 else -math.floor(math.log10(scaled))
    # 0.1 could be anything from 0.05 to 0.15
    digits += bool(scaled) and scaled * 10.0**digits < 2
    digits = min(max(digits, 0), what.digits)
    return f"{found.mean * what.scale:,.{digits}f} ± {scaled:,.{digits}f}"


def _headlines(
    study: StudyFacts, records: Sequence[Record], told: Mapping[Key, Stats]
) -> tuple[Headline, ...]:
    """Of several readings of one thing (projected, searched) the claims', else the first."""
    claimed = [(claim.measure, claim.metric) for claim in study.claims]
    uses = {record.measure: record.use for record in records if record.use}
    metrics: dict[str, list[str]] = {}
    for measure, metric, _ in told:
        own = metrics.setdefault(measure, [])
        if metric not in own:
            own.append(metric)
    order = sorted(metrics, key=lambda label: _first_at(label, [measure for measure, _ in claimed]))
    found: list[Headline] = []
    seen: set[str] = set()
    for measure in order:
        use = uses.get(measure, "")
        if use and use in seen:
            continue
        seen.add(use)
        heads = reader(use).shown(metrics[measure])
        wanted = [metric for label, metric in claimed if label == measure and metric in metrics[measure]]
        for metric in dict.fromkeys([*list(dict.fromkeys(wanted))[:2], *heads]):
            found.append(Headline(measure, metric, heads.get(metric, quantity(metric).heading)))
    return tuple(found)


def _first_at(label: str, labels: Sequence[str]) -> int:
    return labels.index(label) if label in labels else len(labels)


# one cell's place: the choice of the rows' axis, and those of the other axes
Places = Mapping[tuple[str, tuple[str, ...]], str]


def _grid(numbers: Numbers, axes: Sequence[str]) -> tuple[str, list[str], Places] | None:
    """The axis of the rows, the others, and which variant is where; None where it is no grid."""
    if len(axes) < 2:
        return None
    lead = numbers.headlines[0]
    own = {
        variant: made
        for variant, made in numbers.choices.items()
        if not math.isnan(numbers.mean(lead, variant))
    }
    axes = names.varying(own) or list(axes)
    if len(axes) < 2:
        return None
    counts = {axis: len({made.get(axis) for made in own.values()}) for axis in axes}
    rows = max(axes, key=lambda axis: counts[axis])
    columns = [axis for axis in axes if axis != rows]
    places = {
        (made.get(rows, ""), tuple(made.get(axis, "") for axis in columns)): variant
        for variant, made in numbers.choices.items()
    }
    wide = len({place for _, place in places})
    # a variant hidden behind another, or a grid that is mostly holes, is no matrix
    if len(places) < len(numbers.choices) or wide > MOST_GRID or len(own) < 0.6 * wide * counts[rows]:
        return None
    return rows, columns, places


def _matrix(
    numbers: Numbers, axis: str, others: Sequence[str], places: Places, printed: Sequence[Comparison]
) -> Table:
    labels = list(dict.fromkeys(row for row, _ in places))
    combos = list(dict.fromkeys(column for _, column in places))
    combos.sort(key=lambda combo: [_size(field, label) for field, label in zip(others, combo, strict=True)])
    columns = list(_columns(numbers, labels, combos, places))
    lead = columns[0][0]
    several = len({one for one, _ in columns}) > 1
    told, values = _printed(numbers, printed)
    beside = [combo for combo in combos if any(places.get((label, combo)) in values for label in labels)]
    beside = beside if told == "paper" and len(columns) + len(beside) < MOST_COLUMNS else []
    kept, left = _cut(
        labels, [numbers.mean(lead, places.get((label, combos[0]), "")) for label in labels], lead
    )
    head = names.axis(axis) if several else f"{lead.heading} by {names.axis(axis)}"
    rows = []
    for label in kept:
        cells = [numbers.cell(one, places.get((label, combo), "")) for one, combo in columns]
        paper = [Cell(values.get(places.get((label, combo), ""), "")) for combo in beside]
        rows.append((Cell(names.choice(axis, label)), *cells, *paper))
    return Table(
        head=(
            head,
            *(_combined(others, combo, one.heading if several else "") for one, combo in columns),
            *(f"{told}, {_combined(others, combo)}" for combo in beside),
        ),
        rows=tuple(rows),
        below=(
            *_below(numbers, left, [cell for row in rows for cell in row[1 : len(columns) + 1]]),
            *(_doubt(printed, values) if beside else []),
        ),
    )


def _columns(
    numbers: Numbers, labels: Sequence[str], combos: Sequence[tuple[str, ...]], places: Places
) -> Iterator[tuple[Headline, tuple[str, ...]]]:
    """Headline numbers, each under every condition that it was measured under, while there is room."""
    room = MOST_COLUMNS - 1
    for one in numbers.headlines:
        own = [
            combo
            for combo in combos
            if any(not math.isnan(numbers.mean(one, places.get((label, combo), ""))) for label in labels)
        ]
        if len(own) <= room:
            room -= len(own)
            yield from ((one, combo) for combo in own)


def _size(field: str, label: str) -> int:
    """Output strides stand in their order; other choices in the study's."""
    return int(label) if field.endswith(names.STRIDE) and label.isdigit() else 0


def _combined(axes: Sequence[str], combo: Sequence[str], heading: str = "") -> str:
    told = ", ".join(names.value(axis, label) for axis, label in zip(axes, combo, strict=True))
    return f"{heading}, {told}" if heading else told


def _rows(study: StudyFacts, numbers: Numbers, axes: Sequence[str], printed: Sequence[Comparison]) -> Table:
    lead = numbers.headlines[0]
    variants = list(numbers.choices)
    ticks = study.design in TICKED and _two_valued(numbers, axes)
    head, values = _printed(numbers, printed)
    most = MOST_PRINTED_ROWS if values else MOST_ROWS
    means = [math.inf if variant in values else numbers.mean(lead, variant) for variant in variants]
    kept, left = _cut(variants, means, lead, most)
    first = [_ticked(numbers, axes, variant) if ticks else [Cell(numbers.names[variant])] for variant in kept]
    heads = _tick_heads(numbers, axes) if ticks else ["variant"]
    room = MOST_COLUMNS - len(heads)
    shown = numbers.headlines[: max(room, 1)]
    compared = lead.quantity.compared in ("difference", "ratio")
    differs = len(kept) > 1 and compared and len(shown) < room
    paper = bool(values) and len(shown) + differs + 1 <= room
    rows, measured = [], list[Cell]()
    for variant, begin in zip(kept, first, strict=True):
        cells = [numbers.cell(one, variant) for one in shown]
        measured += cells
        if differs:
            cells.insert(1, Cell(_difference(numbers, lead, kept[0], variant)))
        rows.append((*begin, *cells, *([Cell(values.get(variant, ""))] if paper else [])))
    headings = [one.heading for one in shown]
    if differs:
        unit = {"%": " (points)"}.get(lead.quantity.shown_unit, "")
        headings.insert(1, "× first row" if lead.quantity.compared == "ratio" else f"Δ to first row{unit}")
    return Table(
        head=(*heads, *headings, *([head] if paper else [])),
        rows=tuple(rows),
        words=len(heads),
        below=(*_below(numbers, left, measured), *(_doubt(printed, values) if paper else [])),
    )


def _two_valued(numbers: Numbers, axes: Sequence[str]) -> bool:
    return 1 < len(axes) <= MOST_TICKED and all(len(_others(numbers, axis)) == 1 for axis in axes)


def _tick_heads(numbers: Numbers, axes: Sequence[str]) -> list[str]:
    return [_others(numbers, axis)[0] for axis in axes]


def _ticked(numbers: Numbers, axes: Sequence[str], variant: str) -> list[Cell]:
    """A tick where a part is there."""
    own = numbers.choices[variant]
    return [Cell(TICK if own.get(axis) in _others(numbers, axis) else "") for axis in axes]


def _others(numbers: Numbers, axis: str) -> list[str]:
    """Choices of an axis that are not the baseline's."""
    labels = dict.fromkeys(made.get(axis, "") for made in numbers.choices.values())
    base = next((made.get(axis) for name, made in numbers.choices.items() if name in numbers.baseline), None)
    return [label for label in labels if label != base]


def _difference(numbers: Numbers, lead: Headline, first: str, variant: str) -> str:
    base, own = numbers.mean(lead, first), numbers.mean(lead, variant)
    what = lead.quantity
    if variant == first or math.isnan(own - base):
        return ""
    if what.compared == "ratio":
        return f"{own / base:.2f}"
    digits = min(what.digits, 1) if numbers.repeated else what.digits
    text = f"{(own - base) * what.scale:+,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else f"±{text[1:]}"


def _doubt(printed: Sequence[Comparison], values: Mapping[str, str]) -> list[str]:
    """Why printed values are no yardstick, or not the whole of one; marks are explained where they stand."""
    own = [one for one in printed if one.variant in values and one.verdict != "comparable"]
    own.sort(key=lambda one: (one.verdict != "not comparable", bool(one.mark)))
    if not own:
        return []
    how = "not comparable" if own[0].verdict == "not comparable" else "comparable in part"
    return [f"Paper: {how}, for {own[0].because.partition(';')[0]}."]


def _printed(numbers: Numbers, printed: Sequence[Comparison]) -> tuple[str, dict[str, str]]:
    """A heading, and variant → the value that is printed of it, for the first headline that has some."""
    for one in numbers.headlines:
        own = [found for found in printed if (found.measure, found.metric) == (one.measure, one.metric)]
        if own:
            column = own[0].column
            head = "paper" if one is numbers.headlines[0] else f"paper, {one.heading}"
            return head, {
                found.variant: f"{found.published:,.{found.quantity.digits}f} {found.mark}".rstrip()
                for found in own
                if found.column == column
            }
    return "", {}


def _cut(
    labels: Sequence[str], means: Sequence[float], lead: Headline, most: int = MOST_ROWS
) -> tuple[list[str], str]:
    """The first row and the best of the others, in the study's order; what was left out in words."""
    if len(labels) <= most:
        return list(labels), ""
    if lead.quantity.direction == "none":
        return list(labels[:most]), f"The first {most} of {len(labels)} rows."
    # what is printed counts as infinite and comes first either way
    sign = -1 if lead.quantity.direction == "lower" else 1
    ranked = [at for at in range(1, len(labels)) if not math.isnan(means[at])]
    order = sorted(ranked, key=lambda at: (means[at] != math.inf, -sign * means[at]))
    chosen = {0, *order[: most - 1]}
    kept = [label for at, label in enumerate(labels) if at in chosen]
    return kept, f"{len(kept)} of {len(labels)} rows: the first, and the best in {lead.heading}."


def _below(numbers: Numbers, left: str, cells: Sequence[Cell]) -> Iterator[str]:
    several = numbers.repeated
    if several and any("±" in cell.text for cell in cells):
        n = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        yield f"±: standard deviation over {n} repeats."
    if any(not cell.text for cell in cells) and (why := _why(numbers)):
        yield why
    if left:
        yield left


def _why(numbers: Numbers) -> str:
    """Why cells are empty, in one sentence."""
    measures = list(dict.fromkeys(one.measure for one in numbers.headlines))
    lost = [
        record
        for (measure, variant), own in numbers.records.items()
        if measure in measures and variant in numbers.choices
        for record in own
        if not record.done
    ]
    reasons = dict.fromkeys(" ".join(record.reason.split()) for record in lost if record.skipped)
    failed = sum(not record.skipped for record in lost)
    told = [*reasons][:1] + (
        [f"{counted(len(reasons) - 1, 'more reason')} below"] if len(reasons) > 1 else []
    )
    told += [f"{failed} failed or did not run"] if failed else []
    return f"Empty: not measured ({'; '.join(told)})." if told else "Empty: not measured."
