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
from segablate.report import overview
from segablate.report import verdicts as words
from segablate.report.blocks import Block, Bullets, Caveat, Command, Doubts, Image, Page, Section, Table, Text
from segablate.report.caveats import caveats
from segablate.report.claims import claim_verdicts, read_kept
from segablate.report.claims_table import brief, claims_table
from segablate.report.comparisons import Comparison, Verdicts, comparisons, verdicts
from segablate.report.csv import numbers as all_numbers
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.figures import Picture, Sheet
from segablate.report.main_table import Numbers, main_table, numbers_of
from segablate.report.names import Names
from segablate.report.opening import answer, line
from segablate.report.protocol import environment, protocol, settings, unmeasured
from segablate.report.published import compare, load, published
from segablate.report.readers.base import reader
from segablate.report.table import results
from segablate.report.words import counted, flat, listed

FIGURES = "figures"
MOST_FIGURES = 2
MOST_CAVEATS = 4
MOST_WORDS = 80  # of visible caveats
GENERATED = "shapes"


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
    pairs = comparisons(records)
    against = verdicts(study, records, pairs)
    reference = load(study.published) if study.published else None
    compared = compare(reference, records) if reference else ()
    main = main_table(study, numbers, compared)
    drawn, sheets = _pictures(numbers, records, claimed, against)
    shown, more = drawn[:MOST_FIGURES], drawn[MOST_FIGURES:]
    first, others = _doubts(records, pairs)
    exploratory = "" if claimed else words.exploratory(against)
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
            *([published(reference, compared)] if reference else []),
            *([Section("All caveats, and what would remove each", (Doubts(others),))] if others else []),
            *_how(study, records),
            _again(study, records),
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
) -> tuple[list[Picture], list[Picture]]:
    """Claims with their intervals, or else differences; what a score costs; then what the measures draw. And
    apart from them label maps."""
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
    differences = overview.differences({**led, **against})
    found = [picture for use in uses for picture in reader(use).figures(records)]
    own = [one for one in found if not isinstance(one, Sheet)]
    begin: tuple[Picture, ...] = overview.of_claims(claimed) or (differences[:1] if led else tuple(own[:1]))
    others = [one for one in (*own, *differences) if not any(one is first for first in begin)]
    return [*begin, *overview.costs(records), *others], [one for one in found if isinstance(one, Sheet)]


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
        "Against the baseline:": words.against(against, records),
        "What each component earns:": words.components(study, records),
    }
    if claims:
        yield Section("Claims one by one, and how verdicts are reached", (claims,))
    told: list[Block] = []
    for lead, table in tables.items():
        if table:
            told += [Text("", lead=lead), words.without_verdicts(table) if claims else table]
    if told:
        title = (
            "Other comparisons, without verdicts" if claims else "Against the baseline: exploratory verdicts"
        )
        yield Section(title, tuple(told))


def _more_figures(more: Sequence[Picture], sheets: Sequence[Picture]) -> Iterator[Section]:
    images = tuple(_image(one) for one in (*more, *sheets))
    if images:
        yield Section("More figures", images)


def _how(study: StudyFacts, records: Sequence[Record]) -> Iterator[Section]:
    blocks: list[Block] = []
    if study.expect:
        blocks.append(Text(study.expect, lead="Expected before looking:"))
    blocks += [Bullets(protocol(records)), settings(records), environment(records)]
    yield Section("How it was measured", tuple(blocks))


def _again(study: StudyFacts, records: Sequence[Record]) -> Section:
    """What it takes to measure all of it again: what must be there, how long it took, and the line."""
    outcomes = {one.outcome.key: one.outcome for one in records if one.outcome and one.done}
    reads = [flat(outcome.reads) for outcome in outcomes.values()]
    extras = {"pretrained": any(one.get("model.weights.path") == "imagenet" for one in reads)}
    extras["timm"] = any(one.get("model.encoder.use") == "timm" for one in reads)
    data = sorted({str(one["data.use"]) for one in reads if one.get("data.use", GENERATED) != GENERATED})
    devices = sorted({str(one["device"]) for one in reads if "device_name" in one and "device" in one})
    hours = sum(outcome.seconds for outcome in outcomes.values()) / 3600
    needs = [f"the extra {name}" for name, needed in extras.items() if needed]
    needs += [f"{listed(data)} below $SEGABLATE_DATA"] if data else []
    took = f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(60 * hours))} minutes"
    said = f"It took {took} of computing, one cell after the other." if hours else ""
    needed = f"It needs {' and '.join(needs)}." if needs else ""
    device = f" --device {devices[0]}" if len(devices) == 1 else ""
    made = f"This page was generated from data/ and {study.study_file}."
    text = " ".join(filter(None, [made, needed, said]))
    return Section("Run it again", (Text(text), Command(study.command + device)))


def _doubts(
    records: Sequence[Record], pairs: Sequence[Comparison]
) -> tuple[tuple[Caveat, ...], tuple[Caveat, ...]]:
    """The gravest caveats, as far as there is room; and all of them, with their remedies."""
    found = caveats(records, pairs)
    words, kept = 0, []
    for one in found[:MOST_CAVEATS]:
        words += len(one.doubt.split())
        if words <= MOST_WORDS:
            kept.append(replace(one, remedy=""))
    return tuple(kept), found


def _image(picture: Picture, told: bool = True) -> Image:
    ending = "png" if isinstance(picture, Sheet) else "svg"
    return Image(f"{FIGURES}/{picture.name}.{ending}", picture.caption, told)
