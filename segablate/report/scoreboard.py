"""The scoreboard: every claim of every committed report with its verdict, paper by paper.

    data/ of each report ──judge──► verdicts ──► forms ──► a table a paper ──► reports/README.md, index.html

A claim on the same cells is counted once, and a study without claims is exploratory and has none here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from segablate.evidence.claims import ClaimVerdict, Kind
from segablate.evidence.tally import Form, Made, false_expected, forms, once, tested
from segablate.report import claims_table
from segablate.report.blocks import Cell, Image, Numbers, Page, Section, Table, Text
from segablate.report.claims import Kept
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.published import Paper, paper
from segablate.report.words import counted, listed

HEAD = ("claim", "source", "measured", "verdict", "report")
# what a study calls a claim that no paper makes
OURS = ("", "ours")
NOT_HELD = ("refuted", "not reproduced")
OPEN: Mapping[Kind, str] = {"cannot tell": "open", "no verdict": "without a verdict"}


@dataclass(frozen=True)
class Report:
    """A committed report and what became of its claims.

    Attributes:
        folder: its folder below the reports.
        study: what is known of its study.
        records: its outcomes.
        verdicts: on its claims, in their order.
        dated: when each claim was made.
        picture: file of its first figure, below the reports; "" for none.
    """

    folder: str
    study: StudyFacts
    records: Sequence[Record]
    verdicts: Sequence[ClaimVerdict]
    dated: Sequence[Kept]
    picture: str = ""

    def side(self, variant: str, measure: str) -> list[Record]:
        """The records with numbers of a variant."""
        return [
            record
            for record in self.records
            if record.done and (record.variant, record.measure) == (variant, measure)
        ]

    def made(self) -> Iterator[Made]:
        """Its claims with the outcomes that they were judged on."""
        for verdict in self.verdicts:
            claim = verdict.claim
            first, second = (self.side(variant, claim.measure) for variant in (claim.first, claim.second))
            yield Made(self.folder, verdict, _keys(first), _keys(second))


def scoreboard(reports: Sequence[Report]) -> Page:
    """The page of all claims; `reports` in the order in which they are to be told."""
    claiming = [report for report in reports if report.verdicts]
    once_each = once(made for report in claiming for made in report.made())
    by_folder = {report.folder: report for report in claiming}
    groups: dict[str, list[tuple[Made, tuple[str, ...]]]] = {}
    for made, others in once_each:
        about = paper(by_folder[made.study].study.cite)
        ours = about is None or made.verdict.claim.source in OURS
        groups.setdefault("" if ours or about is None else about.source, []).append((made, others))
    papers = sorted(groups, key=lambda source: (not source, source))
    titles = {source: source or "Claims of this project" for source in papers}
    answered = _answer([made for made, _ in once_each])
    return Page(
        name="reports",
        title=_title(sum(bool(source) for source in papers)),
        answer=(answered,),
        sections=(
            Section("", (Text(answered, bold=True), *_by_random(claiming))),
            *(Section(titles[source], (_table(groups[source], by_folder),)) for source in papers),
            Section("All reports", (_reports(reports),)),
            Section(
                "A picture of each",
                tuple(Image(report.picture, report.folder) for report in reports if report.picture),
                folded=True,
            ),
        ),
        claims=None,
        main=None,
        pictures=(),
        numbers=Numbers((), ()),
    )


def _title(papers: int) -> str:
    number = {1: "a paper", 2: "two papers", 3: "three papers"}.get(papers, f"{papers} papers")
    return f"What {number} said, and what holds here" if papers else "What holds"


def _answer(made: Sequence[Made]) -> str:
    """`Of 31 claims, 21 are confirmed, 3 refuted and 7 open.`"""
    if not made:
        return "No report makes a claim."
    kinds = Counter(claim.verdict.kind for claim in made)
    counts = [f"{kinds[kind]} {OPEN.get(kind, kind)}" for kind in get_args(Kind) if kinds[kind]]
    return f"Of {counted(len(made), 'claim')}, {listed(counts)}."


def _by_random(reports: Sequence[Report]) -> Iterator[Text]:
    with_random = sum(any(tested(verdict) for verdict in report.verdicts) for report in reports)
    if with_random:
        expected = false_expected([report.verdicts for report in reports])
        yield Text(
            f"Chance has a part in the verdicts of {counted(with_random, 'report')}, of which at most "
            f"{expected:.2f} are to be expected to hold a false one. Exact verdicts are of these label maps "
            "or networks alone. Not reproduced is not refuted: what is reached is a lower bound."
        )


def _table(made: Sequence[tuple[Made, tuple[str, ...]]], reports: Mapping[str, Report]) -> Table:
    notes: list[str] = []
    rows = []
    by_study: dict[str, list[tuple[Made, tuple[str, ...]]]] = {}
    for entry in made:
        if not math.isnan(entry[0].verdict.difference):
            by_study.setdefault(entry[0].study, []).append(entry)
    for folder, own in by_study.items():
        others = {id(claim.verdict): more for claim, more in own}
        for form in forms(claim.verdict for claim, _ in own):
            notes_of_form = [
                _not_here(reports[folder], verdict) for verdict in form.verdicts if verdict.kind in NOT_HELD
            ]
            notes_of_form += [
                f"also in {', '.join(others[id(verdict)])}"
                for verdict in form.verdicts
                if others[id(verdict)]
            ]
            note = "; ".join(dict.fromkeys(filter(None, notes_of_form)))
            if note and note not in notes:
                notes.append(note)
            rows.append(_row(form, reports[folder], notes.index(note) + 1 if note else 0))
    return Table(HEAD, tuple(rows), words=len(HEAD), notes=tuple(notes), below=tuple(_without(made)))


def _without(made: Sequence[tuple[Made, tuple[str, ...]]]) -> Iterator[str]:
    """The claims that there is nothing to judge by, a sentence a report."""
    without: dict[str, list[str]] = {}
    for claim, _ in made:
        if math.isnan(claim.verdict.difference):
            without.setdefault(claim.study, []).append(f"“{claims_table.sentence(claim.verdict)}”")
    for study, claims in without.items():
        yield f"Without numbers in {study}: {', '.join(claims)}."


def _row(form: Form, report: Report, note: int) -> tuple[Cell, ...]:
    *cells, verdict = claims_table.row(form, report.dated)
    link = f"{report.folder}/report.md"
    return (*cells, replace(verdict, note=note), Cell(report.folder, link=link))


def _not_here(report: Report, verdict: ClaimVerdict) -> str:
    """What of the paper's setting was not there, and what was."""
    claim = verdict.claim
    about: Paper | None = paper(report.study.cite)
    records = report.side(claim.first, claim.measure)
    if about is None or claim.source in OURS:
        return ""
    differing = []
    for what, theirs in about.setting.items():
        here = {name for record in records if (name := _part(record, what))}
        if here and not here & theirs.keys():
            differing.append(f"{what} {listed(sorted(here))} instead of {' or '.join(theirs.values())}")
    return f"not the paper's setting: {', '.join([*differing, *_repeats(verdict)])}" if differing else ""


def _repeats(verdict: ClaimVerdict) -> list[str]:
    return [f"n = {verdict.n}"] if verdict.n else []


def _part(record: Record, what: str) -> str:
    """Registered name of the data or the encoder that an outcome is of; "" where it depends on none."""
    model = record.reads.get("model")
    part = record.reads.get(what) or (model.get(what) if isinstance(model, Mapping) else None)
    return str(part.get("use", "")) if isinstance(part, Mapping) else str(part or "")


def _reports(reports: Sequence[Report]) -> Table:
    rows = []
    for report in reports:
        kinds = Counter(OPEN.get(verdict.kind, verdict.kind) for verdict in report.verdicts)
        counts = listed([f"{number} {kind}" for kind, number in kinds.items()]) or "exploratory"
        link = f"{report.folder}/report.md"
        rows.append((Cell(report.folder, link=link), Cell(report.study.question or "–"), Cell(counts)))
    return Table(("report", "question", "claims"), tuple(rows), words=3)


def _keys(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(record.outcome.key for record in records if record.outcome)
