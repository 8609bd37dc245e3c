"""Published values beside measured ones, each comparable or not, and why."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

import yaml

from segablate.errors import SegablateError, near_miss
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Bullets, Cell, Section, Table
from segablate.report.data import Record
from segablate.report.words import flat, signed

PRINTED = "published value"
# what is looked at of a cell: measure, its label in the study, the variant's label and what it reads
Met: TypeAlias = tuple[str, str, str, Mapping[str, Any]]

VERDICTS = ("comparable", "in part", "not comparable")


@dataclass(frozen=True)
class Reference:
    """One table of a paper.

    Attributes:
        source: the paper.
        where: the table in it.
        protocol: how the paper measured.
        hardware: what it measured on.
        unknown: what the paper does not tell.
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


def load(name: str) -> Reference:
    """The reference `file.table`.

    Raises:
        SegablateError: there is no such file or no such table in it.
    """
    file, _, table = name.partition(".")
    folder = files("segablate") / "references"
    known = {
        entry.name.removesuffix(".yaml"): entry for entry in folder.iterdir() if entry.name.endswith(".yaml")
    }
    if file not in known:
        raise SegablateError(
            f"there is no reference `{file}`", hint=near_miss(file, known), field="published"
        )
    raw = yaml.safe_load(known[file].read_text(encoding="utf-8"))
    if table not in raw["tables"]:
        raise SegablateError(
            f"reference `{file}` has no table `{table}`",
            hint=near_miss(table, raw["tables"]),
            field="published",
        )
    found = raw["tables"][table]
    return Reference(
        source=raw["source"],
        where=found["where"],
        protocol=" ".join(found["protocol"].split()),
        hardware=found["hardware"],
        unknown=tuple(found["unknown"]),
        marks=found.get("marks", {}),
        columns=tuple(found["columns"]),
        rows=tuple(found["rows"]),
        **({"called": found["called"]} if "called" in found else {}),
    )


def compare(reference: Reference, records: Sequence[Record]) -> tuple[Comparison, ...]:
    """Every published value that has one variant's measured beside it, by column, measure and row.

    A value that several variants could stand beside is left out: planning refuses such a study.
    """
    done = [record for record in records if record.done]
    cells = [(record.use, record.measure, record.variant, record.reads) for record in done]
    found = []
    for (at, label, name), variants in _met(reference, cells).items():
        if len(variants) == 1:
            repeats = [one for one in done if (one.measure, one.variant) == (label, variants[0])]
            row = next(row for row in reference.rows if row["name"] == name)
            one = _comparison(reference, row, at, repeats)
            if not math.isnan(one.measured):
                found.append(one)
    return tuple(found)


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
    found: dict[tuple[int, str, str], list[str]] = {}
    for at, column in enumerate(reference.columns):
        for label in dict.fromkeys(label for use, label, _, _ in known if use == column["measured_by"]):
            own = [(variant, reads) for _, other, variant, reads in known if other == label]
            for row in reference.rows:
                if "match" in row and not math.isnan(float(row["values"][at])):
                    wanted = {**column.get("match", {}), **row["match"], **row.get(column["measured_by"], {})}
                    met = [(variant, reads) for variant, reads in own if _matches(wanted, reads)]
                    # variants that a measure cannot tell apart have the same number
                    read = [reads for _, reads in met]
                    found[at, label, row["name"]] = [
                        one for i, (one, reads) in enumerate(met) if reads not in read[:i]
                    ]
    return found


def published(reference: Reference, compared: Sequence[Comparison]) -> Section:
    """The section of the page: the source, and the table."""
    told = dict.fromkeys(one.column for one in compared)
    other = [column["name"] for column in reference.columns if column["name"] not in told]
    source = [
        f"{reference.source}, {reference.where}.",
        f"How it was measured there: {reference.protocol}",
        f"Hardware: {reference.hardware}.",
        *(f"Not known: {what}." for what in reference.unknown),
    ]
    if other:
        source.append(f"It also prints {' and '.join(other)}, which this study does not measure.")
    return Section("Published beside measured", (Bullets(tuple(source)), _table(reference, compared)))


def _table(reference: Reference, compared: Sequence[Comparison]) -> Table:
    marks = dict.fromkeys(one.mark for one in compared if one.mark)
    below = tuple(f"{mark}: {' '.join(reference.marks[mark]['because'].split())}." for mark in marks)
    reasons = list(dict.fromkeys(one.because for one in compared if one.because))
    units = {one.quantity.shown_unit for one in compared} or {"%"}
    rows = [
        (
            Cell(one.row),
            Cell(one.column),
            Cell(one.measure),
            Cell(one.verdict, note=reasons.index(one.because) + 1 if one.because else 0),
            Cell(_agreement(one)),
            *_numbers(one, units),
        )
        for one in compared
    ]
    return Table(
        head=(
            "what",
            "quantity",
            "measured by",
            "comparable",
            _tolerance(compared),
            *_heads(units),
        ),
        rows=tuple(rows),
        words=5,
        notes=tuple(f"because {reason}" for reason in reasons),
        below=below if rows else (f"Nothing that {reference.where} prints was measured.",),
    )


def _agreement(one: Comparison) -> str:
    if one.verdict == VERDICTS[-1]:
        return "–"
    return "agrees" if one.agrees else "differs"


def _tolerance(compared: Sequence[Comparison]) -> str:
    wordings = list(dict.fromkeys(one.within for one in sorted(compared, key=lambda one: one.tolerance)))
    if not wordings:
        return "agreement"
    return " or ".join([wordings[0], *(words.removeprefix("within ") for words in wordings[1:])])


def _heads(units: set[str]) -> tuple[str, str, str]:
    if len(units) > 1:
        return ("published", "measured", "difference")
    (unit,) = units
    return (f"published ({unit})", f"measured ({unit})", f"difference ({'points' if unit == '%' else unit})")


def _numbers(one: Comparison, units: set[str]) -> tuple[Cell, Cell, Cell]:
    """The values and their difference; each with its unit where the table has several."""
    digits = one.quantity.digits
    both = [
        one.shown(value) if len(units) > 1 else f"{value:.{digits}f}"
        for value in (one.published, one.measured)
    ]
    return (Cell(f"{both[0]} {one.mark}".rstrip()), Cell(both[1]), Cell(signed(one.difference, digits)))


def _comparison(
    reference: Reference, row: Mapping[str, Any], at: int, repeats: Sequence[Record]
) -> Comparison:
    column, record = reference.columns[at], repeats[0]
    what = quantity(column["metric"])
    known = {**flat(record.reads), "images": record.facts.get("images", 0)}
    mark = row.get("marks", {}).get(column["name"], "")
    marked = [reference.marks[mark]] if mark else []
    verdict, because = _judge([*column["doubts"], *row.get("doubts", ()), *marked], known)
    return Comparison(
        row=row["name"],
        column=column["name"],
        measure=record.measure,
        variant=record.variant,
        published=float(row["values"][at]),
        measured=_mean(repeats, column["metric"]) * what.scale,
        tolerance=float(column["tolerance"]),
        verdict=verdict,
        because=because,
        metric=column["metric"],
        called=reference.called,
        mark=mark,
    )


def _mean(repeats: Sequence[Record], metric: str) -> float:
    """Over repeats, as the table of results shows it."""
    return statistics.fmean(one.outcome.value(metric) for one in repeats if one.outcome)


def _judge(doubts: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> tuple[str, str]:
    """The gravest verdict of the doubts that apply, with the reasons for that verdict."""
    applying = [
        doubt
        for doubt in doubts
        if matches(doubt.get("when", {}), known)
        and not ("unless" in doubt and matches(doubt["unless"], known))
    ]
    if not applying:
        return VERDICTS[0], ""
    worst = max((doubt["is"] for doubt in applying), key=VERDICTS.index)
    reasons = [" ".join(doubt["because"].split()) for doubt in applying if doubt["is"] == worst]
    return worst, "; ".join(reasons).format(images=f"{known['images']:,}")
