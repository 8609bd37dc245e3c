"""What stands at the head of a page: what was measured on what, and the answer in two sentences at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from segablate.evidence.claims import ClaimVerdict
from segablate.report.claims_table import DECIDED, QUALIFIED
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.main_table import Numbers
from segablate.report.readers.accuracy import seeds_of, trainings
from segablate.report.readers.base import reader
from segablate.report.readers.latency import speeds
from segablate.report.words import counted, images, listed, plain

KINDS = {
    "confirmed": "confirmed",
    "refuted": "refuted",
    "reproduced": "reproduced",
    "not reproduced": "not reproduced",
    "cannot tell": "open",
    "no verdict": "without a verdict",
}
MOST = 3  # names of one kind in the line


def line(study: StudyFacts, records: Sequence[Record]) -> str:
    """Data · network · repeats · device · date and version · source."""
    done = [record for record in records if record.done]
    parts = [*_data(done), *_network(done), *_device(done), _when(done)]
    return " · ".join(filter(None, [*parts, f"after {study.cite}" if study.cite else ""]))


def answer(
    records: Sequence[Record], numbers: Numbers, verdicts: Sequence[ClaimVerdict], exploratory: str
) -> tuple[str, ...]:
    """What was found under the first headline measure, and what became of the claims."""
    if not any(record.done for record in records):
        states = Counter(record.state for record in records)
        counts = listed([f"{counted(count, 'cell')} {state}" for state, count in states.items()])
        return (f"Nothing was measured: {counts}.",)
    first = numbers.headlines[0].measure if numbers.headlines else ""
    use = next((record.use for record in records if record.measure == first and record.use), "")
    first_answer = reader(use).answer(records, first)
    second = _claimed(verdicts) if verdicts else exploratory
    return tuple(filter(None, (first_answer, second)))


def _claimed(verdicts: Sequence[ClaimVerdict]) -> str:
    """`Of 4 claims 1 is confirmed and 3 are open.`"""
    kinds = Counter(KINDS[verdict.kind] + _qualified(verdict) for verdict in verdicts)
    counts = [f"{count} {'is' if count == 1 else 'are'} {kind}" for kind, count in kinds.items()]
    if len(kinds) == 1:
        (kind,) = kinds
        return f"The claim is {kind}." if len(verdicts) == 1 else f"All {len(verdicts)} claims are {kind}."
    return f"Of {len(verdicts)} claims {listed(counts)}."


def _qualified(verdict: ClaimVerdict) -> str:
    return QUALIFIED.get(verdict.scenes, "") if verdict.kind in DECIDED else ""


def _data(done: Sequence[Record]) -> Iterator[str]:
    scored: dict[str, set[int]] = {}
    for record in done:
        data = record.reads.get("data")
        if isinstance(data, dict) and "use" in data:
            name = " ".join(filter(None, [str(data["use"]), str(record.reads.get("score") or "")]))
            scored.setdefault(name, set()).update(
                {int(record.facts["images"])} if "images" in record.facts else set()
            )
    named = [f"{name}, {images(counts)}" if counts else name for name, counts in scored.items()]
    if named:
        yield listed(named[:MOST]) + (f" and {len(named) - MOST} more" if len(named) > MOST else "")


def _network(done: Sequence[Record]) -> Iterator[str]:
    trained = trainings(done)
    reads = [record.reads for training in trained for record in training.records]
    if not reads:
        return
    encoders = {plain(_use(read.get("encoder") or _of_model(read))) for read in reads} - {"", "null"}
    if len(encoders) == 1:
        yield encoders.pop()
    recipes = [read["recipe"] for read in reads if isinstance(read.get("recipe"), dict)]
    at_rest = {
        "all" if recipe.get("encoder") == "frozen" else str(recipe.get("frozen") or "") for recipe in recipes
    }
    if len(at_rest) == 1:
        where = at_rest.pop()
        yield {"": "whole network trained", "all": "frozen encoder"}.get(
            where, f"encoder frozen up to {where}"
        )
    yield seeds_of(trained)


def _of_model(reads: object) -> object:
    model = reads.get("model") if isinstance(reads, dict) else None
    return model.get("encoder") if isinstance(model, dict) else None


def _use(value: object) -> object:
    return value.get("use", "") if isinstance(value, dict) else value or ""


def _device(done: Sequence[Record]) -> Iterator[str]:
    devices = dict.fromkeys(speed.conditions[0] for speed in speeds(done))
    yield from list(devices)[:MOST]


def _when(done: Sequence[Record]) -> str:
    """The days and the versions; outcomes of before these were recorded are of an unknown date."""
    days = sorted({record.outcome.date[:10] for record in done if record.outcome and record.outcome.date})
    unknown = any(record.outcome and not record.outcome.date for record in done)
    commits = {record.outcome.commit[:7] for record in done if record.outcome and record.outcome.commit}
    versions = {record.outcome.version for record in done if record.outcome and record.outcome.version}
    if not days:
        return "date and version unknown" if unknown else ""
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    made = (
        commits if len(commits) == 1 else {f"version {version}" for version in versions if len(versions) == 1}
    )
    return ", ".join([when, *made, *(["some dates unknown"] if unknown else [])])
