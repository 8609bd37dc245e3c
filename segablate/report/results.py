"""All numbers of a study as one tidy frame, which everything above groups, pivots and joins."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from segablate.report.data import OUTCOMES, Record, read

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
