"""The main table of a page: what was varied against the headline numbers, small enough to be read.

    two compared axes, whole grid     rows × columns of one metric, others beside it while there is room
    chosen, cumulative, leave-one-out a tick for each part that is there, as papers print it
    everything else                   one row a variant

A study's `table` says it differently. A variant that was not measured has an empty cell, and one sentence
below says why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from segablate.quantity import Quantity, quantity
from segablate.report import names
from segablate.report.blocks import Cell, Table
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.published import Comparison
from segablate.report.readers.base import reader
from segablate.report.results import frame, hover
from segablate.report.words import counted, listed, signed

MOST_ROWS, MOST_PRINTED_ROWS = 14, 24
MOST_COLUMNS = 9
MOST_GRID = 8  # columns of one metric
FULL = 0.6  # of the places of a grid: one that is emptier is no matrix
TICKED = ("chosen", "cumulative", "leave-one-out")
MOST_TICKED = 4
TICK = "✓"
NUMBERED = re.compile(r"(.*?)(\d+)")


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
        stats: measure, metric and variant → mean, standard deviation and number of repeats.
        headlines: what leads, the first being what the study is about.
        choices: variant → axis → choice, of variants that have a headline number.
        baseline: the baseline's choices; none where it has no headline number.
        records: the records of each measure and variant.
    """

    stats: Mapping[Key, Stats]
    headlines: tuple[Headline, ...]
    choices: Mapping[str, Mapping[str, str]]
    baseline: Mapping[str, str]
    records: Mapping[tuple[str, str], Sequence[Record]] = field(repr=False)

    @property
    def repeated(self) -> list[int]:
        """How often what leads was measured, where it was more than once; ascending."""
        leading = {(headline.measure, headline.metric) for headline in self.headlines}
        counts = {own.repeats for key, own in self.stats.items() if key[:2] in leading}
        return sorted(counts - {1})

    def mean(self, headline: Headline, variant: str) -> float:
        """NaN where it was not measured."""
        stats = self.stats.get((headline.measure, headline.metric, variant))
        return stats.mean if stats else math.nan

    def cell(self, headline: Headline, variant: str) -> Cell:
        """The mean, with the standard deviation over repeats; empty where it was not measured."""
        stats = self.stats.get((headline.measure, headline.metric, variant))
        if stats is None:
            return Cell("")
        own = self.records.get((headline.measure, variant), ())
        return Cell(number(stats, headline.quantity), hover=hover(own, headline.metric))


def numbers_of(study: StudyFacts, records: Sequence[Record]) -> Numbers:
    """Group the numbers of a study; the first headline is what its first claim is about, where it claims."""
    all_ = frame(records)
    measured = all_[all_["value"].notna()] if len(all_) else all_
    groups = measured.groupby(["measure", "metric", "variant"], sort=False)["value"].agg(
        ["mean", "std", "count"]
    )
    stats = {
        (str(measure), str(metric), str(variant)): Stats(float(mean), float(std), int(count))
        for (measure, metric, variant), mean, std, count in groups.itertuples()
    }
    headlines = _headlines(study, records, stats)
    leading = {(headline.measure, headline.metric) for headline in headlines}
    shown = {variant for measure, metric, variant in stats if (measure, metric) in leading}
    own: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        own.setdefault((record.measure, record.variant), []).append(record)
    choices = {record.variant: record.choices for record in records if record.variant in shown}
    base = next(
        (choices[record.variant] for record in records if record.baseline and record.variant in choices), {}
    )
    return Numbers(stats, headlines, choices, base, own)


def main_table(study: StudyFacts, numbers: Numbers, printed: Sequence[Comparison] = ()) -> Table | None:
    """The table; None where nothing was measured.

    Args:
        study: what it claims, how its variants were made, and how its table is to look.
        numbers: its numbers.
        printed: published values beside measured ones.
    """
    if not numbers.choices or not numbers.headlines:
        return None
    ticks = "ticks" if study.design in TICKED else ""
    form = study.table.form or ticks
    axes = names.varying(numbers.choices)
    grid = _grid(study, numbers) if form in ("", "matrix") else None
    if grid:
        return _matrix(study, numbers, grid, printed)
    columns = len(list(_ticks(numbers, axes)))
    two_valued = 1 < len(axes) == columns <= MOST_TICKED
    ticked = form == "ticks" and (two_valued or (study.table.form and columns < MOST_COLUMNS))
    return _rows(study, numbers, axes if ticked else (), printed)


def number(stats: Stats, what: Quantity) -> str:
    """`56.7 ± 0.6`: as many digits as the standard deviation allows; a count that never changes has none."""
    alike = what.compared == "count" and not stats.std
    if stats.repeats < 2 or math.isnan(stats.std) or alike:
        return what.shown(stats.mean)
    scaled = stats.std * what.scale
    digits = what.digits if scaled == 0 else -math.floor(math.log10(scaled))
    # 0.1 could be anything from 0.05 to 0.15
    digits += bool(scaled) and scaled * 10.0**digits < 2
    digits = min(max(digits, 0), what.digits)
    return f"{stats.mean * what.scale:,.{digits}f} ± {scaled:,.{digits}f}"


def _headlines(
    study: StudyFacts, records: Sequence[Record], stats: Mapping[Key, Stats]
) -> tuple[Headline, ...]:
    """What the study's `table` shows; else of several readings of one thing the claims', or the first."""
    uses = {record.measure: record.use for record in records if record.use}
    metrics: dict[str, list[str]] = {}
    for measure, metric, _ in stats:
        own = metrics.setdefault(measure, [])
        if metric not in own:
            own.append(metric)

    def headline(measure: str, metric: str) -> Headline:
        heads = reader(uses.get(measure, "")).shown(metrics[measure])
        return Headline(measure, metric, heads.get(metric, quantity(metric).heading))

    requested = [
        headline(label, metric)
        for metric, wanted in study.table.show
        for label in metrics
        if metric in metrics[label] and wanted in ("", label)
    ]
    if requested:
        return tuple(requested)
    claimed = [(claim.measure, claim.metric) for claim in study.claims]
    places = {measure: at for at, (measure, _) in reversed(list(enumerate(claimed)))}
    leading: list[Headline] = []
    seen: set[str] = set()
    for measure in sorted(metrics, key=lambda label: places.get(label, len(claimed))):
        use = uses.get(measure, "")
        if not use or use not in seen:
            seen.add(use)
            wanted = [metric for label, metric in claimed if label == measure and metric in metrics[measure]]
            heads = reader(use).shown(metrics[measure])
            leading += [
                headline(measure, metric)
                for metric in dict.fromkeys([*list(dict.fromkeys(wanted))[:2], *heads])
            ]
    return tuple(leading)


class Grid(NamedTuple):
    """A matrix: the axis of its rows, those of its columns, which variant is where, and what is left out."""

    rows: str
    columns: list[str]
    places: Mapping[tuple[str, tuple[str, ...]], str]
    fixed: Mapping[str, str]


def _grid(study: StudyFacts, numbers: Numbers) -> Grid | None:
    """The variants as a matrix; None where they are none.

    While there are too many columns the axis with fewest choices stays at its first one.
    """
    lead, layout = numbers.headlines[0], study.table
    own = {v: made for v, made in numbers.choices.items() if not math.isnan(numbers.mean(lead, v))}
    axes = names.varying(own)
    if len(axes) < 2:
        return None
    labels = {axis: dict.fromkeys(made.get(axis, "") for made in own.values()) for axis in axes}
    rows = layout.rows or max(
        (a for a in axes if a not in layout.columns), key=lambda a: len(labels[a]), default=""
    )
    columns = [axis for axis in layout.columns or axes if axis != rows and axis in axes]
    others = [axis for axis in axes if axis not in (rows, *columns)]

    def wide() -> int:
        return math.prod(len(labels[axis]) for axis in columns)

    while wide() > MOST_GRID and len(columns) > 1:
        others.append(min(columns, key=lambda axis: len(labels[axis])))
        columns.remove(others[-1])
    fixed = {axis: numbers.baseline.get(axis) or next(iter(labels[axis])) for axis in others}
    places = {
        (made.get(rows, ""), tuple(made.get(axis, "") for axis in columns)): variant
        for variant, made in numbers.choices.items()
        if all(made.get(axis) == label for axis, label in fixed.items())
    }
    known = sum(variant in own for variant in places.values())
    sparse = known < FULL * wide() * len(labels.get(rows, ())) and not layout.form
    if not columns or rows not in labels or wide() > MOST_GRID or sparse:
        return None
    return Grid(rows, columns, places, fixed)


def _matrix(study: StudyFacts, numbers: Numbers, grid: Grid, printed: Sequence[Comparison]) -> Table:
    labels = list(dict.fromkeys(row for row, _ in grid.places))
    combos = _ordered(dict.fromkeys(column for _, column in grid.places))
    columns = list(_columns(numbers, labels, combos, grid))
    lead = columns[0][0]
    several = len({headline for headline, _ in columns}) > 1
    head, values = _printed(numbers, printed)
    beside = [combo for combo in combos if any(grid.places.get((label, combo)) in values for label in labels)]
    beside = beside if head == "paper" and len(columns) + len(beside) < MOST_COLUMNS else []
    means = [numbers.mean(lead, grid.places.get((label, combos[0]), "")) for label in labels]
    row_labels, left = _cut(labels, means, lead)
    axis = names.axis(grid.rows, study.names)
    rows = []
    for label in row_labels:
        cells = [numbers.cell(headline, grid.places.get((label, combo), "")) for headline, combo in columns]
        paper = [Cell(values.get(grid.places.get((label, combo), ""), "")) for combo in beside]
        rows.append((Cell(label.removeprefix(f"{axis} ")), *cells, *paper))
    return Table(
        head=(
            axis if several else f"{lead.heading} by {axis}",
            *(", ".join([*([headline.heading] if several else []), *combo]) for headline, combo in columns),
            *(", ".join([head, *combo]) for combo in beside),
        ),
        rows=tuple(rows),
        below=(
            *_below(numbers, left, [cell for row in rows for cell in row[1 : len(columns) + 1]]),
            *([f"At {listed(list(grid.fixed.values()))}; the others are below."] if grid.fixed else []),
            *(_doubt(printed, values) if beside else []),
        ),
    )


def _columns(
    numbers: Numbers, labels: Sequence[str], combos: Sequence[tuple[str, ...]], grid: Grid
) -> Iterator[tuple[Headline, tuple[str, ...]]]:
    """Headline numbers, each under every condition that it was measured under, while there is room."""
    room = MOST_COLUMNS - 1
    for headline in numbers.headlines:
        own = [
            combo
            for combo in combos
            if any(
                not math.isnan(numbers.mean(headline, grid.places.get((label, combo), "")))
                for label in labels
            )
        ]
        if len(own) <= room:
            room -= len(own)
            yield from ((headline, combo) for combo in own)


def _ordered(combos: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Choices that are all numbers of one thing ascending, such as output strides; others as they come."""
    columns = list(combos)
    numbered = [[NUMBERED.fullmatch(label) for label in labels] for labels in zip(*columns, strict=True)]
    sizes = [[int(match[2]) for match in own if match] for own in numbered]
    alike = [all(own) and len({match[1] for match in own if match}) == 1 for own in numbered]
    keys = zip(
        *(own if same else [0] * len(columns) for own, same in zip(sizes, alike, strict=True)), strict=True
    )
    order = dict(zip(columns, keys, strict=True))
    return sorted(columns, key=lambda combo: order[combo])


def _rows(study: StudyFacts, numbers: Numbers, ticked: Sequence[str], printed: Sequence[Comparison]) -> Table:
    """A row a variant, with a tick for each part that is there where axes are `ticked`."""
    lead = numbers.headlines[0]
    variants = list(numbers.choices)
    head, values = _printed(numbers, printed)
    means = [math.inf if variant in values else numbers.mean(lead, variant) for variant in variants]
    row_labels, left = _cut(variants, means, lead, MOST_PRINTED_ROWS if values else MOST_ROWS)
    ticks = list(_ticks(numbers, ticked))
    heads = [choice for _, choice in ticks] or ["variant"]
    room = MOST_COLUMNS - len(heads)
    shown = numbers.headlines[: max(room, 1)]
    compared = lead.quantity.compared in ("difference", "ratio")
    differs = len(row_labels) > 1 and compared and len(shown) < room
    paper = bool(values) and len(shown) + differs + 1 <= room
    rows, measured = [], list[Cell]()
    for variant in row_labels:
        own = numbers.choices[variant]
        cells = [numbers.cell(headline, variant) for headline in shown]
        measured += cells
        if differs:
            cells.insert(1, Cell(_difference(numbers, lead, row_labels[0], variant)))
        begin = [Cell(TICK if own.get(axis) == choice else "") for axis, choice in ticks] or [Cell(variant)]
        rows.append((*begin, *cells, *([Cell(values.get(variant, ""))] if paper else [])))
    headings = [headline.heading for headline in shown]
    if differs:
        unit = {"%": " (points)"}.get(lead.quantity.shown_unit, "")
        headings.insert(1, "× first row" if lead.quantity.compared == "ratio" else f"Δ to first row{unit}")
    return Table(
        head=(*heads, *headings, *([head] if paper else [])),
        rows=tuple(rows),
        words=len(heads),
        below=(*_below(numbers, left, measured), *(_doubt(printed, values) if paper else [])),
    )


def _ticks(numbers: Numbers, axes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each axis with each of its choices that is not the baseline's."""
    for axis in axes:
        labels = dict.fromkeys(made.get(axis, "") for made in numbers.choices.values())
        yield from ((axis, label) for label in labels if label != numbers.baseline.get(axis))


def _difference(numbers: Numbers, lead: Headline, first: str, variant: str) -> str:
    base, own = numbers.mean(lead, first), numbers.mean(lead, variant)
    what = lead.quantity
    if variant == first or math.isnan(own - base):
        return ""
    if what.compared == "ratio":
        return f"{own / base:.2f}"
    return signed((own - base) * what.scale, min(what.digits, 1) if numbers.repeated else what.digits)


def _doubt(printed: Sequence[Comparison], values: Mapping[str, str]) -> list[str]:
    """Why printed values are no yardstick, or not the whole of one; marks are explained where they stand."""
    own = [
        comparison
        for comparison in printed
        if comparison.variant in values and comparison.verdict != "comparable"
    ]
    own.sort(key=lambda comparison: (comparison.verdict != "not comparable", bool(comparison.mark)))
    if not own:
        return []
    how = "not comparable" if own[0].verdict == "not comparable" else "comparable in part"
    return [f"Paper: {how}, for {own[0].because.partition(';')[0]}."]


def _printed(numbers: Numbers, printed: Sequence[Comparison]) -> tuple[str, dict[str, str]]:
    """A heading, and variant → the value that is printed of it, for the first headline that has some."""
    for headline in numbers.headlines:
        own = [
            comparison
            for comparison in printed
            if (comparison.measure, comparison.metric) == (headline.measure, headline.metric)
        ]
        if own:
            head = "paper" if headline is numbers.headlines[0] else f"paper, {headline.heading}"
            return head, {
                comparison.variant: comparison.printed
                for comparison in own
                if comparison.column == own[0].column
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
    row_labels = [label for at, label in enumerate(labels) if at in chosen]
    return row_labels, f"{len(row_labels)} of {len(labels)} rows: the first, and the best in {lead.heading}."


def _below(numbers: Numbers, left: str, cells: Sequence[Cell]) -> Iterator[str]:
    several = numbers.repeated
    if several and any("±" in cell.text for cell in cells):
        n = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        yield f"±: standard deviation over {n} repeats."
    if any(not cell.text for cell in cells):
        yield _why(numbers)
    if left:
        yield left


def _why(numbers: Numbers) -> str:
    """Why cells are empty, in one sentence."""
    measures = {headline.measure for headline in numbers.headlines}
    lost = [
        record
        for (measure, variant), own in numbers.records.items()
        if measure in measures and variant in numbers.choices
        for record in own
        if not record.done
    ]
    reasons = [*dict.fromkeys(" ".join(record.reason.split()) for record in lost if record.skipped)]
    failed = sum(not record.skipped for record in lost)
    more = [f"{counted(len(reasons) - 1, 'more reason')} below"] if len(reasons) > 1 else []
    why = [*reasons[:1], *more, *([f"{failed} failed or did not run"] if failed else [])]
    return f"Empty: not measured ({'; '.join(why)})." if why else "Empty: not measured."
