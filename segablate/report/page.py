"""The whole page as data, from the facts of a study and the records of its data folder.

    outcomes.jsonl ─► results (a frame) ─┬─► main table, by the readers of the measures
             claims ─► verdicts ─────────┤
             published values ───────────┴─► Page ─► md · html · latex · csv

What is not folded is read in half a minute: the question, what was measured on what, the answer, claims, one
table, two figures and the gravest caveats. The rest follows in the order in which people ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from segablate.evidence.claims import ClaimVerdict
from segablate.report import effects, judged, tradeoffs
from segablate.report.blocks import Block, Bullets, Caveat, Command, Doubts, Image, Page, Section, Table, Text
from segablate.report.caveats import caveats
from segablate.report.claimed import claim_verdicts
from segablate.report.claims_kept import read_kept
from segablate.report.claims_table import brief, claims_table
from segablate.report.component_effects import component_effects
from segablate.report.csv import numbers as all_numbers
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.figures import Picture
from segablate.report.main_table import Numbers, main_table, numbers_of
from segablate.report.names import Names
from segablate.report.opening import answer, line
from segablate.report.protocol import environment, protocol, settings, unmeasured
from segablate.report.published import Comparison, compare, load, published
from segablate.report.readers.base import reader
from segablate.report.readings import agreement, sentences
from segablate.report.sheets import Contrast, Sheet
from segablate.report.table import results
from segablate.report.verdicts import Verdicts, verdicts
from segablate.report.words import counted

FIGURES = "figures"
MOST_FIGURES = 2
MOST_CAVEATS = 4
MOST_WORDS = 80  # of visible caveats


def page(study: StudyFacts, records: Sequence[Record]) -> Page:
    """Everything the report says.

    Raises:
        SegablateError: the study's reference does not exist, or an artefact is damaged.
    """
    samples = all_numbers(records)
    called = Names.of(study, records)
    claimed = called.verdicts(claim_verdicts(study.claims, records))
    records = called.records(records)
    numbers = numbers_of(study, records)
    kept = read_kept(records[0].folder)
    claims = claims_table(claimed, kept)
    against = verdicts(study, records)
    reference = load(study.published) if study.published else None
    compared = compare(reference, records) if reference else ()
    main = main_table(study, numbers, compared)
    drawn, sheets = _pictures(numbers, records, claimed, against)
    shown, more = drawn[:MOST_FIGURES], drawn[MOST_FIGURES:]
    first, others = _doubts(records)
    exploratory = "" if claimed else judged.exploratory(against, records)
    answered = answer(records, numbers, claimed, exploratory)
    opening: list[Block] = [
        Text(line(study, records), lead=f"{study.name} ·"),
        *(Text(one, bold=True) for one in answered),
    ]
    visible = [
        Section("", tuple(opening)),
        *([Section("", (brief(claims, claimed, kept),))] if claims else []),
        *([Section("", (main,))] if main else []),
        *([Section("", tuple(_image(one, told=False) for one in shown))] if shown else []),
        *([Section("Before you quote this", (Doubts(first),))] if first else []),
    ]
    folded: Iterator[Section] = (
        replace(one, folded=True)
        for one in (
            *_details(records),
            *_all_numbers(records),
            *_comparisons(study, records, against, claims),
            *_more_figures(more, sheets),
            *([_beside(published(reference, compared), compared)] if reference else []),
            *([Section("All caveats, and what would remove each", (Doubts(others),))] if others else []),
            *_how(study, records),
            Section(
                "Run it again",
                (Text(f"This page was generated from data/ and {study.study_file}."), Command(study.command)),
            ),
        )
    )
    return Page(
        name=study.name,
        title=study.question or study.name,
        answer=answered,
        sections=(*visible, *folded),
        claims=claims,
        main=main,
        pictures=(*drawn, *sheets),
        numbers=samples,
    )


def _pictures(
    numbers: Numbers, records: Sequence[Record], claimed: Sequence[ClaimVerdict], against: Verdicts
) -> tuple[list[Picture], list[Sheet | Contrast]]:
    """Claims with their intervals, or else differences; what a score costs; then what the measures draw."""
    uses = dict.fromkeys(
        record.use
        for one in numbers.headlines
        for record in records
        if record.measure == one.measure and record.done
    )
    uses |= dict.fromkeys(record.use for record in records if record.done)
    lead = numbers.headlines[0].measure if numbers.headlines else ""
    # one training or process each has no interval that says anything of the next
    led = {
        key: one
        for key, one in against.items()
        if key[1] == lead and one.source in ("seeds", "processes") and one.n > 1
    }
    differences = effects.figures({**led, **against})
    costs = tradeoffs.figures(records)
    own = [picture for use in uses for picture in reader(use).figures(records)]
    begin = effects.of_claims(claimed) or (differences[:1] if led else own[:1])
    drawn = [
        *begin,
        *costs,
        *(one for one in own if one not in begin),
        *(one for one in differences if one not in begin),
    ]
    return drawn, [sheet for use in uses for sheet in reader(use).sheets(records)]


def _details(records: Sequence[Record]) -> Iterator[Section]:
    for use in dict.fromkeys(record.use for record in records if record.done):
        yield from reader(use).details(records)


def _all_numbers(records: Sequence[Record]) -> Iterator[Section]:
    """A table a measure, with the variants that were measured; what was skipped in a sentence."""
    blocks: list[Block] = []
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.measure, []).append(record)
    for measure, own in groups.items():
        tried = {record.variant for record in own if record.state != "skipped"}
        kept = [record for record in own if record.variant in tried]
        if kept:
            blocks += [Text("", lead=f"{measure}:"), results(kept)]
        skipped = {one.variant: " ".join(one.reason.split()) for one in own if one.variant not in tried}
        for reason in dict.fromkeys(skipped.values()):
            count = sum(why == reason for why in skipped.values())
            blocks.append(Text(f"{counted(count, 'variant')} skipped under {measure}: {reason}."))
    lost = unmeasured([record for record in records if record.state in ("failed", "not run")])
    if lost:
        blocks += [Text("", lead="Without numbers:"), lost]
    yield Section("All numbers", tuple(blocks))


def _comparisons(
    study: StudyFacts, records: Sequence[Record], against: Verdicts, claims: Table | None
) -> Iterator[Section]:
    """Everything against its baseline: with verdicts only where nothing is claimed, and then exploratory."""
    tables = {
        "Against the baseline:": judged.against(against, records),
        "What each component earns:": component_effects(study, records),
    }
    if claims:
        yield Section("Claims one by one, and how they are judged", (claims,))
    told: list[Block] = []
    for lead, table in tables.items():
        if table:
            told += [Text("", lead=lead), judged.without_verdicts(table) if claims else table]
    if told:
        title = (
            "Other comparisons, without verdicts" if claims else "Against the baseline: exploratory verdicts"
        )
        yield Section(title, tuple(told))


def _beside(section: Section, compared: Sequence[Comparison]) -> Section:
    told = (*agreement(compared), *sentences(compared))
    return replace(section, blocks=(*([Bullets(told)] if told else []), *section.blocks))


def _more_figures(more: Sequence[Picture], sheets: Sequence[Sheet | Contrast]) -> Iterator[Section]:
    images = tuple(_image(one) for one in (*more, *sheets))
    if images:
        yield Section("More figures", images)


def _how(study: StudyFacts, records: Sequence[Record]) -> Iterator[Section]:
    blocks: list[Block] = []
    if study.expect:
        blocks.append(Text(study.expect, lead="Expected before looking:"))
    blocks += [Bullets(protocol(records)), settings(records), environment(records)]
    yield Section("How it was measured", tuple(blocks))


def _doubts(records: Sequence[Record]) -> tuple[tuple[Caveat, ...], tuple[Caveat, ...]]:
    """The gravest caveats, as far as there is room; and all of them, with their remedies."""
    found = caveats(records)
    words, kept = 0, []
    for one in found[:MOST_CAVEATS]:
        words += len(one.doubt.split())
        if words <= MOST_WORDS:
            kept.append(replace(one, remedy=""))
    return tuple(kept), found


def _image(picture: Picture | Sheet | Contrast, told: bool = True) -> Image:
    ending = "png" if isinstance(picture, Sheet | Contrast) else "svg"
    return Image(f"{FIGURES}/{picture.name}.{ending}", picture.caption, told)
