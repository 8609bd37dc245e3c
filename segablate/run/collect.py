"""From the store to the data folder of a report: all that the page needs, and nothing else.

The folder is committed, so it is small, and collecting the same outcomes again changes no byte.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from segablate.disk import keep, write_errors
from segablate.disk.archives import pack
from segablate.errors import SegablateError
from segablate.records import Outcome
from segablate.run.plan import Cell, Plan, Row
from segablate.run.store import Store

OUTCOMES = "outcomes.jsonl"
DATA = "data"
MOST_BYTES = 2_000_000
ARRAYS = ".npz"
# claims are judged by them: they stay while there is anything else to leave out
NEEDED = "blocks.npz"
NAMED = 3  # files of those left out


def collect(
    plan: Plan, store: Store, folder: Path, outcomes: Mapping[str, Outcome | None] | None = None
) -> Path:
    """Write a study's outcomes and their arrays below `folder`, and remove what is no more.

    Rows come in the plan's order. If the arrays are too big to be committed, some are left out, and
    `store.tell` hears which: of the kind that takes most room the last seed's, of all variants, so that
    what is left still pairs; the biggest one where there is no seed but the first.

    Args:
        plan: what the study asks for.
        store: where the outcomes are.
        folder: the report's; the data go into `data/` in it.
        outcomes: of the plan's cells, by key, where they have been read.

    Returns:
        The data folder.

    Raises:
        SegablateError: it cannot be written to.
    """
    data = folder / DATA
    if outcomes is None:
        outcomes = store.outcomes_of(plan.cells)
    lines = "".join(_line(row, outcomes, plan.study.conditions) + "\n" for row in plan.rows)
    arrays = _arrays(plan, store, outcomes)
    seeds = {cell.key: cell.seed or 0 for cell in plan.cells}
    # without the baseline's nothing could be compared
    last = {row.cell.key for row in plan.rows if row.cell and row.variant.baseline}
    _fit(arrays, seeds, last, MOST_BYTES - len(lines.encode()), store.tell)
    files = {**arrays, OUTCOMES: lines.encode()}
    keep(data, files, option="--reports")
    _remove_others(data, files)
    return data


def _line(row: Row, outcomes: Mapping[str, Outcome | None], conditions: Sequence[str]) -> str:
    outcome = outcomes[row.cell.key] if row.cell else None
    if row.cell and outcome and not outcome.use:  # it was put before outcomes told so themselves
        outcome = replace(outcome, use=row.cell.measure, seeded=row.cell.seed is not None)
    record = {
        "variant": row.variant.label,
        "choices": dict(row.variant.choices),
        "baseline": row.variant.baseline,
        "measure": row.measure.label,
        "use": row.measure.use,
        "seed": row.seed,
        "skipped": row.skipped,
        "outcome": outcome.raw() if outcome else None,
    }
    if conditions:
        record["conditions"] = list(conditions)
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _arrays(plan: Plan, store: Store, outcomes: Mapping[str, Outcome | None]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    absent: list[str] = []
    for cell in plan.cells:
        outcome = outcomes[cell.key]
        for name in outcome.artefacts if outcome and outcome.status == "done" else ():
            if not name.endswith(ARRAYS):
                continue
            if not (store.folder(cell) / name).is_file():
                absent.append(f"{cell.key}-{name}")
            elif (content := _archive(store, cell, name)) is not None:
                files[f"{cell.key}-{name}"] = content
    if absent:  # it was left out of the report that the outcome was taken over from, or somebody removed it
        others = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
        store.tell(f"`{absent[0]}`{others} is not in the store; the report does without it")
    return files


def _archive(store: Store, cell: Cell, name: str) -> bytes | None:
    try:
        return pack(store.artefact(cell, name))
    except SegablateError as error:
        store.tell(f"{error}; the report does without it: `--only all` measures it anew")
        return None


def _fit(
    arrays: dict[str, bytes],
    seeds: Mapping[str, int],
    last: Collection[str],
    room: int,
    tell: Callable[[str], None],
) -> None:
    """Remove arrays until the others fit, and tell which."""
    kinds: dict[str, dict[str, int]] = {}
    for name in sorted(arrays):
        kinds.setdefault(name.partition("-")[2], {})[name] = len(arrays[name])
    queues = {kind: deque(_order(sizes, seeds, last)) for kind, sizes in kinds.items()}
    taken = {kind: sum(sizes.values()) for kind, sizes in kinds.items()}
    left_out: list[str] = []
    while arrays and sum(taken.values()) > room:
        # what claims are judged by stays while there is anything else
        others = [kind for kind in taken if taken[kind] and kind != NEEDED] or [NEEDED]
        kind = max(others, key=lambda kind: taken[kind])
        for name in queues[kind].popleft():
            taken[kind] -= len(arrays.pop(name))
            left_out.append(name)
    if left_out:
        named = ", ".join(f"`{name}`" for name in left_out[:NAMED])
        more = f" and {len(left_out) - NAMED:,} more" if len(left_out) > NAMED else ""
        tell(f"left out of the report's data, which may take {MOST_BYTES:,} bytes: {named}{more}")


def _order(sizes: Mapping[str, int], seeds: Mapping[str, int], last: Collection[str]) -> list[list[str]]:
    """Names of one kind in groups, those first that are done without first."""
    groups: dict[int, list[str]] = {}
    for name in sizes:
        groups.setdefault(seeds[name.partition("-")[0]], []).append(name)
    first = groups.pop(0, [])
    alone = sorted(first, key=lambda name: (name.partition("-")[0] not in last, sizes[name]), reverse=True)
    return [*(groups[seed] for seed in sorted(groups, reverse=True)), *([name] for name in alone)]


def _remove_others(data: Path, files: Mapping[str, bytes]) -> None:
    with write_errors(data, "--reports"):
        for path in data.glob(f"*{ARRAYS}"):
            if path.name not in files:
                with suppress(FileNotFoundError):
                    path.unlink()
