"""The measure of the fault campaign: tiny cells that sleep, and a log of all that was begun and put.

Imported by every process that measures; importing it registers the measure.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from segablate.errors import SegablateError
from segablate.measures.base import Config, MeasureContext, Result, measures
from segablate.records import Measurement, Outcome, Reads
from segablate.run.plan import Cell
from segablate.run.store import Store

LOG = "CAMPAIGN_LOG"
NAP = 0.03
TOGETHER = 4  # cells a group


class Faulty:
    """Sleeps, and gives numbers and an array that follow from its word and seed."""

    seeded: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = ("miou",)

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        return {"word": str(config["model"]["encoder"])}

    def together(self, reads: Reads) -> Hashable:
        """Some cells by some, so that a group is killed in its middle."""
        return int(hashlib.sha256(str(reads["word"]).encode()).hexdigest(), 16) % TOGETHER

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        shared = ctx.cached("campaign", {"a": 1}, lambda: {"a": np.arange(64)})["a"]
        for reads in cells:
            note(f"begin {reads['word']} {seed}")
            time.sleep(NAP)
            digest = hashlib.sha256(f"{reads['word']} {seed}".encode()).digest()
            rng = np.random.default_rng(int.from_bytes(digest[:8]))
            score = Measurement("miou", tuple(rng.random(3)), "of nothing")
            yield Result((score,), {"sum": int(shared.sum())}, {"noise.npz": {"noise": rng.random((40, 50))}})


def note(line: str) -> None:
    """Append a line to the log; a whole one, whoever else writes."""
    handle = os.open(os.environ[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def noted() -> list[list[str]]:
    """The lines of the log so far, in words."""
    path = Path(os.environ[LOG])
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def _put(self: Store, cell: Cell, outcome: Outcome, *rest: Any, **more: Any) -> None:
    PUT(self, cell, outcome, *rest, **more)
    if outcome.status == "done":
        note(f"put {cell.reads['word']} {cell.seed}")


measures.register("campaign")(Faulty)
PUT = Store.put
Store.put = _put  # type: ignore[method-assign]
