"""When each claim was first made: `claims.json` in a report's data.

A claim is written before its numbers are known, or it is not: what is in this file before a study first runs
was. One that comes later, or whose margin changes, is marked; one that is dropped stays in the file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from segablate.errors import SegablateError
from segablate.evidence.claim import Claim
from segablate.records import SCHEMA

CLAIMS = "claims.json"


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
            Kept(**{**one, "claimed": json.dumps(one["claimed"], sort_keys=True)}) for one in raw["claims"]
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
    there = {one.claimed: one for one in before}
    found = []
    for claim in claims:
        sides = [side for side in (claim.first, claim.second) if side]
        late = all((side, claim.measure) in known for side in sides)
        new = Kept(claim.text, claim.identity, claim.source, "" if late else today, late)
        found.append(there.pop(claim.identity, new))
    return found + [one for one in there.values() if _has_numbers(one, known)]


def written(kept: Sequence[Kept]) -> str:
    """The file's text."""
    told = [{**asdict(one), "claimed": json.loads(one.claimed)} for one in kept]
    return json.dumps({"schema": SCHEMA, "claims": told}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _has_numbers(one: Kept, known: Collection[tuple[str, str]]) -> bool:
    claimed = json.loads(one.claimed)
    sides = [claimed[side] for side in ("first", "second") if claimed[side]]
    return all((side, claimed["measure"]) in known for side in sides)
