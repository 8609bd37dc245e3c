"""All numbers of a study as one tidy frame, which everything above groups, pivots and joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from segablate.evidence.spread import LEVEL, Spread, spread
from segablate.quantity import quantity
from segablate.report.data import OUTCOMES, Record, read
from segablate.report.words import counted, images

COLUMNS = ("variant", "baseline", "measure", "use", "metric", "seed", "key", "value")


def results(folder: Path | str) -> pd.DataFrame:
    """The numbers of a report.

    Args:
        folder: the report's, or the data folder in it.

    Returns:
        One row for each variant, measure, metric and seed: `value` is the median sample in the stored unit
        (scores are fractions), and each axis of the study has a column of its own.

    Raises:
        SegablateError: there are no results there, or they are damaged.
    """
    path = Path(folder)
    return frame(read(path if (path / OUTCOMES).is_file() else path / "data"))


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """The same of records: repeats that share an outcome are one row."""
    rows = [
        {
            "variant": record.variant,
            "baseline": record.baseline,
            "measure": record.measure,
            "use": record.use,
            "metric": taken.metric,
            "seed": record.seed,
            "key": record.outcome.key,
            "value": taken.value,
            **record.choices,
        }
        for record in records
        if record.done and record.outcome
        for taken in record.outcome.measurements
    ]
    table = pd.DataFrame(rows, columns=None if rows else list(COLUMNS))
    return table.drop_duplicates(["variant", "measure", "metric", "key"], ignore_index=True)


def spread_of(records: Sequence[Record], metric: str) -> Spread | None:
    """What the outcomes of one variant under one measure say of a metric; None where it was not measured."""
    outcomes = {record.outcome.key: record.outcome for record in records if record.done and record.outcome}
    return spread(
        taken.samples
        for outcome in outcomes.values()
        for taken in outcome.measurements
        if taken.metric == metric
    )


def hover(records: Sequence[Record], metric: str) -> str:
    """A number with its interval and n, and what it is over: for whoever points at it."""
    spread = spread_of(records, metric)
    if spread is None:
        return ""
    what = quantity(metric)
    words = [f"{what.title} {what.shown(spread.value, unit=True)}"]
    if spread.interval:
        words.append(f"{LEVEL:.0%} interval [{', '.join(map(what.shown, spread.interval))}]")
    words.append("one sample" if spread.n == 1 else f"n = {counted(spread.n, spread.by)}")
    counts = {int(record.facts["images"]) for record in records if record.done and "images" in record.facts}
    return ", ".join([*words, *([images(counts)] if counts else [])])
