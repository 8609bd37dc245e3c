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
from segablate.report.blocks import (
    Block,
    Bullets,
    Caveat,
    Caveats,
    Command,
    Image,
    Page,
    Section,
    Table,
    Text,
)
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
    claimed_before = read_kept(records[0].folder)
    claims = claims_table(claimed, claimed_before)
    pairs = comparisons(records)
    against = verdicts(study, records, pairs)
    reference = load(study.published) if study.published else None
    compared = compare(reference, records) if reference else ()
    main = main_table(study, numbers, compared)
    drawn, sheets = _pictures(numbers, records, claimed, against)
    shown, more = drawn[:MOST_FIGURES], drawn[MOST_FIGURES:]
    first, others = _caveats(records, pairs)
    exploratory = "" if claimed else words.exploratory(against)
    answered = answer(records, numbers, claimed, exploratory)
    opening: list[Block] = [
        Text(line(study, records), lead=f"{study.name} ·"),
        *(Text(sentence, bold=True) for sentence in answered),
    ]
    visible = [
        Section("", tuple(opening)),
        *([Section("", (brief(claims, claimed, claimed_before),))] if claims else []),
        *([Section("", (main,))] if main else []),
        *([Section("", tuple(_image(picture, captioned=False) for picture in shown))] if shown else []),
        *([Section("Before you quote this", (Caveats(first),))] if first else []),
    ]
    folded: Iterator[Section] = (
        replace(section, folded=True)
        for section in (
            *_details(records),
            *_all_numbers(records),
            *_comparisons(study, records, against, claims),
            *_more_figures(more, sheets),
            *([published(reference, compared)] if reference else []),
            *([Section("All caveats, and what would remove each", (Caveats(others),))] if others else []),
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
        for headline in numbers.headlines
        for record in records
        if record.measure == headline.measure and record.done
    )
    uses |= dict.fromkeys(record.use for record in records if record.done)
    lead = numbers.headlines[0].measure if numbers.headlines else ""
    # one training or process each has no interval that says anything of the next
    led = {
        key: verdict
        for key, verdict in against.items()
        if key[1] == lead and verdict.source in ("seeds", "processes") and verdict.n > 1
    }
    differences = overview.differences({**led, **against})
    pictures = [picture for use in uses for picture in reader(use).figures(records)]
    own = [picture for picture in pictures if not isinstance(picture, Sheet)]
    begin: tuple[Picture, ...] = overview.of_claims(claimed) or (differences[:1] if led else tuple(own[:1]))
    others = [picture for picture in (*own, *differences) if not any(picture is first for first in begin)]
    return [*begin, *overview.costs(records), *others], [
        picture for picture in pictures if isinstance(picture, Sheet)
    ]


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
        measured = [record for record in own if record.variant in tried]
        if measured:
            blocks += [Text("", lead=f"{measure}:"), results(measured)]
        skipped = {
            record.variant: " ".join(record.reason.split()) for record in own if record.variant not in tried
        }
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
    blocks: list[Block] = []
    for lead, table in tables.items():
        if table:
            blocks += [Text("", lead=lead), words.without_verdicts(table) if claims else table]
    if blocks:
        title = (
            "Other comparisons, without verdicts" if claims else "Against the baseline: exploratory verdicts"
        )
        yield Section(title, tuple(blocks))


def _more_figures(more: Sequence[Picture], sheets: Sequence[Picture]) -> Iterator[Section]:
    images = tuple(_image(picture) for picture in (*more, *sheets))
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
    outcomes = {record.outcome.key: record.outcome for record in records if record.outcome and record.done}
    reads = [flat(outcome.reads) for outcome in outcomes.values()]
    extras = {"pretrained": any(read.get("model.weights.path") == "imagenet" for read in reads)}
    extras["timm"] = any(read.get("model.encoder.use") == "timm" for read in reads)
    data = sorted({str(read["data.use"]) for read in reads if read.get("data.use", GENERATED) != GENERATED})
    devices = sorted({str(read["device"]) for read in reads if "device_name" in read and "device" in read})
    hours = sum(outcome.seconds for outcome in outcomes.values()) / 3600
    needs = [f"the extra {name}" for name, needed in extras.items() if needed]
    needs += [f"{listed(data)} below $SEGABLATE_DATA"] if data else []
    took = f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(60 * hours))} minutes"
    duration = f"It took {took} of computing, one cell after the other." if hours else ""
    needed = f"It needs {' and '.join(needs)}." if needs else ""
    device = f" --device {devices[0]}" if len(devices) == 1 else ""
    made = f"This page was generated from data/ and {study.study_file}."
    text = " ".join(filter(None, [made, needed, duration]))
    return Section("Run it again", (Text(text), Command(study.command + device)))


def _caveats(
    records: Sequence[Record], pairs: Sequence[Comparison]
) -> tuple[tuple[Caveat, ...], tuple[Caveat, ...]]:
    """The gravest caveats, as far as there is room; and all of them, with their remedies."""
    all_caveats = caveats(records, pairs)
    words, visible = 0, []
    for caveat in all_caveats[:MOST_CAVEATS]:
        words += len(caveat.doubt.split())
        if words <= MOST_WORDS:
            visible.append(replace(caveat, remedy=""))
    return tuple(visible), all_caveats


def _image(picture: Picture, captioned: bool = True) -> Image:
    ending = "png" if isinstance(picture, Sheet) else "svg"
    return Image(f"{FIGURES}/{picture.name}.{ending}", picture.caption, captioned)
