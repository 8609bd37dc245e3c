"""The claims of a report: what the numbers say of each, and when each was first made.

    claims + numbers ─► pairs of seeds or processes, matrices by scene ─► verdicts
    claims ─► claims.json in the report's data, with the day of their first run

A claim is written before its numbers are known, or it is not: what is in this file before a study first runs
was. One that comes later, or whose margin changes, is marked; one that is dropped stays in the file.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from segablate.errors import SegablateError
from segablate.evidence.claim import Claim
from segablate.evidence.claims import Case, ClaimVerdict, judge, of_numbers
from segablate.evidence.estimate import Estimate, between_seeds, estimate
from segablate.evidence.images import METRICS
from segablate.evidence.pairs import pair
from segablate.evidence.processes import paired_processes
from segablate.evidence.scenes import Scenes, over_scenes
from segablate.evidence.verdict import Source
from segablate.quantity import quantity
from segablate.records import SCHEMA
from segablate.report.data import Record, artefact_path
from segablate.report.matrices import BLOCKS, of_file

CLAIMS = "claims.json"
# one record a seed
Side = Mapping[int, Record]


def claim_verdicts(claims: Sequence[Claim], records: Iterable[Record]) -> list[ClaimVerdict]:
    """The verdicts on a study's claims, in their order."""
    sides = _sides(records)
    return judge([_case(claim, sides) for claim in claims])


def _sides(records: Iterable[Record]) -> dict[tuple[str, str], dict[int, Record]]:
    """Variant and measure → its records with numbers, by seed; repeats that share an outcome are one."""
    sides: dict[tuple[str, str], dict[int, Record]] = {}
    for record in records:
        if record.done and record.outcome:
            own = sides.setdefault((record.variant, record.measure), {})
            if record.outcome.key not in {other.outcome.key for other in own.values() if other.outcome}:
                own[record.seed] = record
    return sides


def _case(claim: Claim, sides: Mapping[tuple[str, str], Side]) -> Case:
    first = sides.get((claim.first, claim.measure), {})
    if claim.word == "reaches":
        return Case(claim, _reached(claim, first), exact=_exact(first), limited=_limited(first))
    second = sides.get((claim.second, claim.measure), {})
    ours, theirs = _values(first, claim.metric), _values(second, claim.metric)
    exact = _exact(first) and _exact(second)
    beside = statistics.fmean(theirs.values()) if theirs else float("nan")
    return Case(
        claim,
        estimate=_difference(claim, ours, theirs, exact),
        margin=claim.bound(beside),
        by=claim.ahead(beside),
        exact=exact,
        limited=exact and (_limited(first) or _limited(second)),
        images=not exact and quantity(claim.metric).shown_unit == "%",
        scenes=_scenes(claim, first, second),
    )


def _reached(claim: Claim, first: Side) -> Estimate:
    values = _values(first, claim.metric)
    if _exact(first):
        return of_numbers(next(iter(values.values()), float("nan")), 0.0)
    source: Source = "processes" if quantity(claim.metric).compared == "ratio" else "seeds"
    return estimate(np.array(list(values.values()), float), source, 1.0)


def _difference(
    claim: Claim, ours: Mapping[int, float], theirs: Mapping[int, float], exact: bool
) -> Estimate:
    if exact:
        return of_numbers(*(next(iter(values.values()), float("nan")) for values in (ours, theirs)))
    pairs = pair(theirs, ours)
    return paired_processes(pairs) if quantity(claim.metric).compared == "ratio" else between_seeds(pairs)


def _scenes(claim: Claim, first: Side, second: Side) -> Scenes | None:
    """The same on other scenes, by the seeds whose matrices are kept."""
    if claim.metric not in METRICS:
        return None
    kept_matrices = [
        {
            seed: matrices
            for seed, record in side.items()
            if (matrices := of_file(artefact_path(record, BLOCKS)))
        }
        for side in (first, second)
    ]
    seeds = sorted(kept_matrices[0].keys() & kept_matrices[1].keys())
    ours, theirs = ([own[seed] for seed in seeds] for own in kept_matrices)
    return over_scenes(ours, theirs).get(claim.metric)


def _values(side: Side, metric: str) -> dict[int, float]:
    return {seed: record.outcome.value(metric) for seed, record in side.items() if record.outcome}


def _exact(side: Side) -> bool:
    """Whether doing it again gives the same numbers."""
    return bool(side) and all(record.exact for record in side.values())


def _limited(side: Side) -> bool:
    return any(record.reads.get("limit") is not None for record in side.values())


@dataclass(frozen=True)
class Kept:
    """One claim as it was made.

    Attributes:
        text: as it was written.
        claimed: all that its verdict depends on.
        source: where it is from.
        first_run: the day on which the study first ran with it, ISO 8601; "" where numbers came first.
        added_after_results: whether both sides had numbers before.
    """

    text: str
    claimed: str
    source: str
    first_run: str
    added_after_results: bool


def read_kept(folder: Path) -> list[Kept]:
    """The claims of a data folder; none where there is no such file.

    Raises:
        SegablateError: the file is damaged.
    """
    path = folder / CLAIMS
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["schema"] != SCHEMA:
            raise ValueError("schema")
        return [
            Kept(**{**entry, "claimed": json.dumps(entry["claimed"], sort_keys=True)})
            for entry in raw["claims"]
        ]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise SegablateError(
            "this is no record of claims", where=str(path), hint="take it from an earlier commit"
        ) from error


def keep(
    claims: Iterable[Claim], before: Sequence[Kept], known: Collection[tuple[str, str]], today: str
) -> list[Kept]:
    """What is to be kept: the claims as they stand, each with its first day, and those that were dropped.

    Args:
        claims: what the study claims now.
        before: what was kept.
        known: variant and measure of all that has numbers already.
        today: ISO 8601.
    """
    there = {claim.claimed: claim for claim in before}
    keeping = []
    for claim in claims:
        sides = [side for side in (claim.first, claim.second) if side]
        late = all((side, claim.measure) in known for side in sides)
        new = Kept(claim.text, claim.identity, claim.source, "" if late else today, late)
        keeping.append(there.pop(claim.identity, new))
    return keeping + [claim for claim in there.values() if _has_numbers(claim, known)]


def written(dated: Sequence[Kept]) -> str:
    """The file's text."""
    entries = [{**asdict(claim), "claimed": json.loads(claim.claimed)} for claim in dated]
    return (
        json.dumps({"schema": SCHEMA, "claims": entries}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    )


def _has_numbers(claim: Kept, known: Collection[tuple[str, str]]) -> bool:
    claimed = json.loads(claim.claimed)
    sides = [claimed[side] for side in ("first", "second") if claimed[side]]
    return all((side, claimed["measure"]) in known for side in sides)
