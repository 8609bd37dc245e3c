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
    found = pd.DataFrame(rows, columns=None if rows else list(COLUMNS))
    return found.drop_duplicates(["variant", "measure", "metric", "key"], ignore_index=True)


def spread_of(records: Sequence[Record], metric: str) -> Spread | None:
    """What the outcomes of one variant under one measure say of a metric; None where it was not measured."""
    outcomes = {one.outcome.key: one.outcome for one in records if one.done and one.outcome}
    return spread(
        taken.samples
        for outcome in outcomes.values()
        for taken in outcome.measurements
        if taken.metric == metric
    )


def hover(records: Sequence[Record], metric: str) -> str:
    """A number with its interval and n, and what it is over: for whoever points at it."""
    found = spread_of(records, metric)
    if found is None:
        return ""
    what = quantity(metric)
    words = [f"{what.title} {what.shown(found.value, unit=True)}"]
    if found.interval:
        words.append(f"{LEVEL:.0%} interval [{', '.join(map(what.shown, found.interval))}]")
    words.append("one sample" if found.n == 1 else f"n = {counted(found.n, found.by)}")
    counts = {int(one.facts["images"]) for one in records if one.done and "images" in one.facts}
    return ", ".join([*words, *([images(counts)] if counts else [])])
