"""Published values beside measured ones, each comparable or not, and why; and the papers they are from."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import yaml

from segablate.errors import SegablateError, near_miss
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Bullets, Cell, Section, Table
from segablate.report.data import Record
from segablate.report.words import counted, flat, listed, signed

PRINTED = "published value"
BOUND = "upper bound"  # how the columns of printed bounds begin
ARXIV = re.compile(r"arXiv:\d{4}\.\d{4,5}")
VERDICTS = ("comparable", "in part", "not comparable")
MOST_NAMED = 8
# what is known of a cell: measure, its label in the study, the variant's label and what it reads
Met: TypeAlias = tuple[str, str, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Paper:
    """One paper.

    Attributes:
        identity: `arXiv:1903.02120`.
        source: authors, title, place and year; the identity where nothing else is kept.
        setting: `data` and `encoder` → registered name of a part → what the paper calls it.
    """

    identity: str
    source: str
    setting: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Reference:
    """One table of a paper.

    Attributes:
        source: the paper.
        where: the table in it.
        protocol: how the paper measured.
        hardware: what it measured on.
        unknown: what the paper does not say.
        marks: what stands beside some values, and the doubt that it is.
        columns: what each value of a row is, which cells it may be of, and when it is comparable.
        rows: name, what to match and values of each row; one without `match` is of no network that is here.
        called: what one of its values is.
    """

    source: str
    where: str
    protocol: str
    hardware: str
    unknown: tuple[str, ...]
    marks: Mapping[str, Mapping[str, str]]
    columns: tuple[Mapping[str, Any], ...]
    rows: tuple[Mapping[str, Any], ...]
    called: str = PRINTED


@dataclass(frozen=True)
class Comparison:
    """A published value beside a measured one, both as shown (percent for scores).

    Attributes:
        row: what it is of.
        column: name of the published column.
        measure: label of the measure.
        variant: label of the variant.
        published: the printed value.
        measured: ours.
        tolerance: difference up to which they agree.
        verdict: comparable, in part or not comparable.
        because: why not fully; "" where nothing speaks against it.
        metric: what is compared.
        called: what the other value is.
        mark: what stands beside the printed value; "" for nothing.
    """

    row: str
    column: str
    measure: str
    variant: str
    published: float
    measured: float
    tolerance: float
    verdict: str
    because: str
    metric: str = "miou"
    called: str = PRINTED
    mark: str = ""

    @property
    def quantity(self) -> Quantity:
        """What the values mean."""
        return quantity(self.metric)

    @property
    def within(self) -> str:
        """How close they must be to agree, in words."""
        if not self.tolerance:
            return "to the last printed digit" if self.called == PRINTED else "to the last digit shown"
        points = "points" if self.quantity.shown_unit == "%" else self.quantity.shown_unit
        return f"within {self.tolerance:g} {points}"

    @property
    def printed(self) -> str:
        """The published value with the mark that stands beside it: `71.04 ‡`."""
        return f"{self.published:,.{self.quantity.digits}f} {self.mark}".rstrip()

    def shown(self, value: float) -> str:
        """One of the values with its unit."""
        return f"{value:,.{self.quantity.digits}f} {self.quantity.shown_unit}"

    @property
    def difference(self) -> float:
        """Measured minus published."""
        return self.measured - self.published

    @property
    def agrees(self) -> bool:
        """Whether they are no further apart than the tolerance, as far as digits are shown."""
        return abs(round(self.difference, self.quantity.digits)) <= self.tolerance

    @property
    def short(self) -> str:
        """`bilinear (97.08 % measured, 98.40 % published, −1.32)`."""
        if self.agrees and not self.tolerance:
            return f"{self.row} ({self.shown(self.measured)})"
        both = f"{self.shown(self.measured)} measured, {self.shown(self.published)} published"
        return f"{self.row} ({both}, {signed(self.difference, self.quantity.digits)})"


@cache
def _files() -> Mapping[str, Mapping[str, Any]]:
    """Name of each file of references → what it holds."""
    folder = files("segablate") / "references"
    return {
        entry.name.removesuffix(".yaml"): yaml.safe_load(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }


def paper(cite: str) -> Paper | None:
    """The paper that a study is about: the first that is cited; None where none is."""
    identity = ARXIV.search(cite)
    if not identity:
        return None
    for raw in _files().values():
        if identity[0] in raw["source"]:
            return Paper(identity[0], raw["source"], raw.get("setting", {}))
    return Paper(identity[0], identity[0], {})


def load(name: str) -> Reference:
    """The reference `file.table`.

    Raises:
        SegablateError: there is no such file or no such table in it.
    """
    file, _, table = name.partition(".")
    if file not in _files():
        hint = near_miss(file, _files())
        raise SegablateError(f"there is no reference `{file}`", hint=hint, field="published")
    raw = _files()[file]
    if table not in raw["tables"]:
        hint = near_miss(table, raw["tables"])
        raise SegablateError(f"reference `{file}` has no table `{table}`", hint=hint, field="published")
    content = raw["tables"][table]
    return Reference(
        source=raw["source"],
        where=content["where"],
        protocol=" ".join(content["protocol"].split()),
        hardware=content["hardware"],
        unknown=tuple(content["unknown"]),
        marks=content.get("marks", {}),
        columns=tuple(content["columns"]),
        rows=tuple(content["rows"]),
        called=content.get("called", PRINTED),
    )


def compare(reference: Reference, records: Sequence[Record]) -> tuple[Comparison, ...]:
    """Every published value that has one variant's measured beside it, by column, measure and row.

    A value that several variants could stand beside is left out: planning refuses such a study.
    """
    done = [record for record in records if record.done]
    cells = [(record.use, record.measure, record.variant, record.reads) for record in done]
    rows = {str(row["name"]): row for row in reference.rows}
    compared = []
    for (at, label, name), variants in _met(reference, cells).items():
        if len(variants) == 1:
            repeats = [record for record in done if (record.measure, record.variant) == (label, variants[0])]
            comparison = _comparison(reference, rows[name], at, repeats)
            compared += [] if math.isnan(comparison.measured) else [comparison]
    return tuple(compared)


def check(reference: Reference, cells: Iterable[Met]) -> None:
    """See that each printed value is that of one variant.

    Args:
        reference: what is printed.
        cells: measure's name, its label, the variant's label and what the cell reads.

    Raises:
        SegablateError: several variants could stand beside one.
    """
    for (_, label, name), variants in _met(reference, cells).items():
        if len(variants) > 1:
            shown = " and ".join(f"`{variant}`" for variant in variants[:2])
            more = f" and {len(variants) - 2} more" if len(variants) > 2 else ""
            raise SegablateError(
                f"`{name}` of {reference.where} is one variant, and `{label}` has {shown}{more}",
                hint="leave `published` out, and claim of one of them that it reaches the printed value",
                field="published",
            )


def matches(wanted: Mapping[str, Any], reads: Mapping[str, Any]) -> bool:
    """Whether all dotted fields have the wanted values; one that is not there counts as false or null."""
    return _matches(wanted, flat(reads))


def _matches(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return all(
        known.get(field) == value or (field not in known and not value) for field, value in wanted.items()
    )


def _met(reference: Reference, cells: Iterable[Met]) -> dict[tuple[int, str, str], list[str]]:
    """The variants that each printed value could be of: by number of its column, measure's label and row."""
    once = {(label, variant): (use, reads) for use, label, variant, reads in cells}
    known = [(use, label, variant, flat(reads)) for (label, variant), (use, reads) in once.items()]
    matching: dict[tuple[int, str, str], list[str]] = {}
    for at, column in enumerate(reference.columns):
        for label in dict.fromkeys(label for use, label, _, _ in known if use == column["measured_by"]):
            own = [(variant, reads) for _, other, variant, reads in known if other == label]
            for row in reference.rows:
                if "match" in row and not math.isnan(float(row["values"][at])):
                    wanted = {**column.get("match", {}), **row["match"], **row.get(column["measured_by"], {})}
                    met = [(variant, reads) for variant, reads in own if _matches(wanted, reads)]
                    # variants that a measure cannot tell apart have the same number
                    read = [reads for _, reads in met]
                    matching[at, label, row["name"]] = [
                        variant for i, (variant, reads) in enumerate(met) if reads not in read[:i]
                    ]
    return matching


def _comparison(
    reference: Reference, row: Mapping[str, Any], at: int, repeats: Sequence[Record]
) -> Comparison:
    column, record = reference.columns[at], repeats[0]
    known = {**flat(record.reads), "images": record.facts.get("images", 0)}
    mark = row.get("marks", {}).get(column["name"], "")
    marked = [reference.marks[mark]] if mark else []
    verdict, because = _comparable([*column["doubts"], *row.get("doubts", ()), *marked], known)
    values = [record.outcome.value(column["metric"]) for record in repeats if record.outcome]
    return Comparison(
        row=row["name"],
        column=column["name"],
        measure=record.measure,
        variant=record.variant,
        published=float(row["values"][at]),
        measured=statistics.fmean(values) * quantity(column["metric"]).scale,
        tolerance=float(column["tolerance"]),
        verdict=verdict,
        because=because,
        metric=column["metric"],
        called=reference.called,
        mark=mark,
    )


def _comparable(conditions: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> tuple[str, str]:
    """The gravest verdict of the conditions that apply, with the reasons for that verdict."""
    applying = [
        doubt
        for doubt in conditions
        if matches(doubt.get("when", {}), known)
        and not ("unless" in doubt and matches(doubt["unless"], known))
    ]
    if not applying:
        return VERDICTS[0], ""
    worst = max((doubt["is"] for doubt in applying), key=VERDICTS.index)
    reasons = [" ".join(doubt["because"].split()) for doubt in applying if doubt["is"] == worst]
    return worst, "; ".join(reasons).format(images=f"{known['images']:,}")


def published(reference: Reference, compared: Sequence[Comparison]) -> Section:
    """The section of the page: what agrees, the source, and the table."""
    sentences = (*agreement(compared), *nearest(compared))
    shown = {comparison.column for comparison in compared}
    other = [column["name"] for column in reference.columns if column["name"] not in shown]
    source = [
        f"{reference.source}, {reference.where}.",
        f"How it was measured there: {reference.protocol}",
        f"Hardware: {reference.hardware}.",
        *(f"Not known: {what}." for what in reference.unknown),
        *([f"It also prints {' and '.join(other)}, which this study does not measure."] if other else []),
    ]
    agreed = [Bullets(sentences)] if sentences else []
    return Section(
        "Published beside measured", (*agreed, Bullets(tuple(source)), _table(reference, compared))
    )


def agreement(compared: Sequence[Comparison]) -> list[str]:
    """Per measure: which published values agree within the tolerance, and which do not."""
    sentences = []
    for label in dict.fromkeys(comparison.measure for comparison in compared):
        own = [comparison for comparison in compared if comparison.measure == label]
        fair = [comparison for comparison in own if comparison.verdict != VERDICTS[-1]]
        if not fair:
            sentences.append(f"No published value is comparable with {label}, because {own[0].because}.")
            continue
        agree, differ = (
            [comparison for comparison in fair if comparison.agrees is same] for same in (True, False)
        )
        all_, within = counted(len(fair), fair[0].called), fair[0].within
        if not agree:
            sentences.append(
                f"Under {label}, none of {all_} agrees {within}: "
                f"{listed([comparison.short for comparison in differ])}."
            )
            continue
        # what is equal needs no list as long as the table
        named = fair[0].tolerance or len(agree) <= MOST_NAMED
        which = f": {listed([comparison.short for comparison in agree])}" if named else ""
        sentences.append(f"Under {label}, {len(agree)} of {all_} {_verb(agree, 'agree')} {within}{which}.")
        if differ:
            sentences.append(
                f"{len(differ)} {'does' if len(differ) == 1 else 'do'} not: "
                f"{listed([comparison.short for comparison in differ])}."
            )
    return sentences


def nearest(compared: Sequence[Comparison]) -> list[str]:
    """Which way of computing a bound comes nearest to what is printed, and whether one matches all of it."""
    own = [
        comparison
        for comparison in compared
        if comparison.column.startswith(BOUND) and comparison.verdict != VERDICTS[-1]
    ]
    labels = list(dict.fromkeys(comparison.measure for comparison in own))
    rows = [
        row
        for row in dict.fromkeys(comparison.row for comparison in own)
        if {comparison.measure for comparison in own if comparison.row == row} == set(labels)
    ]
    if len(labels) < 2 or not rows:
        return []
    shared = {
        label: [comparison for comparison in own if comparison.measure == label and comparison.row in rows]
        for label in labels
    }
    means = {
        label: statistics.fmean(abs(comparison.difference) for comparison in ours)
        for label, ours in shared.items()
    }
    order = sorted(labels, key=lambda label: means[label])
    far = listed([f"{label} {means[label]:.2f} points" for label in order])
    over = counted(len(rows), "printed bound")
    sentences = [
        f"Of {len(labels)} ways of computing the bound {order[0]} comes nearest: over {over} the mean "
        f"distance is {far}."
    ]
    whole = [label for label, ours in shared.items() if all(comparison.agrees for comparison in ours)]
    if not whole:
        return [*sentences, f"None of them matches all printed values {own[0].within}."]
    return [*sentences, f"{listed(whole)} {_verb(whole, 'match', 'es')} all of them {own[0].within}."]


def _verb(subjects: Sequence[object], verb: str, ending: str = "s") -> str:
    return verb + ending if len(subjects) == 1 else verb


def _table(reference: Reference, compared: Sequence[Comparison]) -> Table:
    if not compared:
        return Table((), (), below=(f"Nothing that {reference.where} prints was measured.",))
    marks = dict.fromkeys(comparison.mark for comparison in compared if comparison.mark)
    reasons = list(dict.fromkeys(comparison.because for comparison in compared if comparison.because))
    units = {comparison.quantity.shown_unit for comparison in compared}
    unit = units.pop() if len(units) == 1 else ""
    within = dict.fromkeys(
        comparison.within for comparison in sorted(compared, key=lambda comparison: comparison.tolerance)
    )
    rows = []
    for comparison in compared:
        digits = comparison.quantity.digits
        shown = [
            f"{value:.{digits}f}" if unit else comparison.shown(value)
            for value in (comparison.published, comparison.measured)
        ]
        agrees = "–" if comparison.verdict == VERDICTS[-1] else "agrees" if comparison.agrees else "differs"
        note = reasons.index(comparison.because) + 1 if comparison.because else 0
        rows.append(
            (
                *map(Cell, (comparison.row, comparison.column, comparison.measure)),
                Cell(comparison.verdict, note=note),
                *map(Cell, (agrees, f"{shown[0]} {comparison.mark}".rstrip(), shown[1])),
                Cell(signed(comparison.difference, digits)),
            )
        )
    in_unit = (f" ({unit})", f" ({unit})", f" ({'points' if unit == '%' else unit})") if unit else ("",) * 3
    numbers = (
        f"{head}{ending}"
        for head, ending in zip(("published", "measured", "difference"), in_unit, strict=True)
    )
    return Table(
        head=("what", "quantity", "measured by", "comparable", " or ".join(within), *numbers),
        rows=tuple(rows),
        words=5,
        notes=tuple(f"because {reason}" for reason in reasons),
        below=tuple(f"{mark}: {' '.join(reference.marks[mark]['because'].split())}." for mark in marks),
    )
