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
    records: Sequence[Record], numbers: Numbers, judged: Sequence[ClaimVerdict], exploratory: str
) -> tuple[str, ...]:
    """What was found under the first headline measure, and what became of the claims."""
    if not any(record.done for record in records):
        states = Counter(record.state for record in records)
        told = listed([f"{counted(count, 'cell')} {state}" for state, count in states.items()])
        return (f"Nothing was measured: {told}.",)
    first = numbers.headlines[0].measure if numbers.headlines else ""
    use = next((one.use for one in records if one.measure == first and one.use), "")
    found = reader(use).answer(records, first)
    second = _claimed(judged) if judged else exploratory
    return tuple(filter(None, (found, second)))


def _claimed(judged: Sequence[ClaimVerdict]) -> str:
    """`Of 4 claims 1 is confirmed and 3 are open.`"""
    kinds = Counter(KINDS[one.kind] + _qualified(one) for one in judged)
    told = [f"{count} {'is' if count == 1 else 'are'} {kind}" for kind, count in kinds.items()]
    if len(kinds) == 1:
        (kind,) = kinds
        return f"The claim is {kind}." if len(judged) == 1 else f"All {len(judged)} claims are {kind}."
    return f"Of {len(judged)} claims {listed(told)}."


def _qualified(one: ClaimVerdict) -> str:
    return QUALIFIED.get(one.scenes, "") if one.kind in DECIDED else ""


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
    reads = [one.reads for training in trained for one in training.records]
    if not reads:
        return
    encoders = {plain(_use(one.get("encoder") or _of_model(one))) for one in reads} - {"", "null"}
    if len(encoders) == 1:
        yield encoders.pop()
    recipes = [one["recipe"] for one in reads if isinstance(one.get("recipe"), dict)]
    at_rest = {"all" if one.get("encoder") == "frozen" else str(one.get("frozen") or "") for one in recipes}
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
    devices = dict.fromkeys(one.conditions[0] for one in speeds(done))
    yield from list(devices)[:MOST]


def _when(done: Sequence[Record]) -> str:
    """The days and the versions; outcomes of before these were recorded are of an unknown date."""
    days = sorted({one.outcome.date[:10] for one in done if one.outcome and one.outcome.date})
    unknown = any(one.outcome and not one.outcome.date for one in done)
    commits = {one.outcome.commit[:7] for one in done if one.outcome and one.outcome.commit}
    versions = {one.outcome.version for one in done if one.outcome and one.outcome.version}
    if not days:
        return "date and version unknown" if unknown else ""
    told = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    made = commits if len(commits) == 1 else {f"version {one}" for one in versions if len(versions) == 1}
    return ", ".join([told, *made, *(["some dates unknown"] if unknown else [])])
