"""What the page must know of a study beyond what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segablate.evidence.claim import Claim
from segablate.quantity import Margin


@dataclass(frozen=True)
class TableLayout:
    """How the main table is to look, as far as the study says it.

    Attributes:
        form: `matrix`, `ticks` or `rows`; "" where the design decides.
        rows: axis of a matrix's rows; "" for the one with most choices.
        columns: axes of its columns; none for all others.
        show: metric of each column and label of its measure, "" for any; none for what each measure leads
            with.
    """

    form: str = ""
    rows: str = ""
    columns: tuple[str, ...] = ()
    show: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class StudyFacts:
    """A study as its report sees it.

    Attributes:
        name: the study's name.
        question: what it asks.
        expect: what its author expected before looking; "" where nothing was written.
        cite: the paper and table it is about; "" where there is none.
        published: reference to compare with, `file.table` of `segablate/references`; "" for none.
        command: the one line that measures and writes everything again.
        study_file: the study file as the command names it.
        margin: metric → largest difference that does not matter, where the study says so.
        claims: what it claims.
        design: how its variants were made.
        axes: what it varies, in its order.
        names: variant, axis or choice → what the page calls it.
        table: how the main table is to look.
    """

    name: str
    question: str
    expect: str
    cite: str
    published: str
    command: str
    study_file: str
    margin: Mapping[str, Margin] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    design: str = "grid"
    axes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    table: TableLayout = TableLayout()
