"""What a study is: one question, what is fixed, what varies, what is measured.

    fixed ─┐
    vary ──┴─ design ──► variants ─┬─► cells
    measure · repeat · skip ───────┘

Structure only: whether a part of that name exists, and what its settings may be, is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segablate.quantity import Margin
from segablate.study.fields import nearest


@dataclass(frozen=True)
class Choice:
    """One value of an axis, and what it is called."""

    label: str
    value: Any


@dataclass(frozen=True)
class Axis:
    """What varies.

    Attributes:
        field: dotted field of the configuration.
        choices: its values, at least one; the first is the baseline.
    """

    field: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Skip:
    """What is left out, and why.

    Attributes:
        when: fields (or `measure`) and the value, or list of values, each must have.
        because: the reason, for the report.
    """

    when: Mapping[str, Any]
    because: str


@dataclass(frozen=True)
class MeasureSpec:
    """A measure the study asks for.

    Attributes:
        label: what the study calls it: `as`, or else the measure's own name.
        use: the measure's name.
        settings: as written.
    """

    label: str
    use: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class ClaimSpec:
    """A claim as it is written; `study.claims` finds the variants and the measure it is about.

    Attributes:
        text: `A beats B`, `A is no worse than B`, `A matches B` or `A reaches 99.90`.
        metric: what is compared.
        measure: label of the measure; "" where the only one that gives the metric is meant.
        margin: largest difference that does not matter; None for the study's.
        by: how much better the first is said to be; None where nothing is said.
        printed: difference that was published; None where none is given.
        source: where the claim is from; "" where it is the study's own.
    """

    text: str
    metric: str
    measure: str = ""
    margin: Margin | None = None
    by: Margin | None = None
    printed: Margin | None = None
    source: str = ""


@dataclass(frozen=True)
class TableSpec:
    """How the main table of the page is to look, as far as the study says it.

    Attributes:
        form: `matrix`, `ticks` or `rows`; "" where the design decides.
        rows: axis of a matrix's rows; "" for the one with most choices.
        columns: axes of its columns, in their order; none for all others.
        show: metric of each column and label of its measure, "" for the only one that gives it; none for
            what each measure leads with.
    """

    form: str = ""
    rows: str = ""
    columns: tuple[str, ...] = ()
    show: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Study:
    """One study file, read and checked for structure.

    Attributes:
        path: the file.
        name: the study's name, which is the file's.
        question: what is asked; "" where absent, as with the next three.
        expect: what was expected before looking.
        cite: where the question or the table comes from.
        published: name of published values to show beside what is measured.
        fixed: nested configuration that all variants share.
        axes: what varies.
        design: the design's name and its settings, defaults filled in.
        skips: what is left out.
        measures: what is measured, at least one.
        repeat: number of seeds, from 0.
        conditions: axes of which each value has a baseline of its own, beside those that always have.
        margin: metric → largest difference that does not matter, where the study says so.
        claims: what is claimed, for the numbers to confirm, refute or leave open.
        names: variant, axis or choice → what the page calls it.
        table: how the main table of the page looks.
        places: dotted path → where it is written; read it with `where`.
    """

    path: Path
    name: str
    question: str
    expect: str
    cite: str
    published: str
    fixed: Mapping[str, Any]
    axes: tuple[Axis, ...]
    design: tuple[str, Mapping[str, Any]]
    skips: tuple[Skip, ...]
    measures: tuple[MeasureSpec, ...]
    repeat: int
    conditions: tuple[str, ...] = ()
    margin: Mapping[str, Margin] = field(default_factory=dict)
    claims: tuple[ClaimSpec, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    table: TableSpec = TableSpec()
    places: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def where(self, field: str) -> str:
        """`file:line` of a dotted path, or of the nearest thing around it whose line is known.

        Paths begin with a key of the study: `fixed.model.encoder`, `measure.0.fit`,
        `vary.model.upsampler.DUp-64.channels` (axis, choice's label, setting).
        What `--set` replaced is at `--set key=value`.
        """
        return nearest(self.places, field) or str(self.path)
