"""Which reading of a printed bound gives the printed numbers: each way to measure it, by its distance."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from segablate.report.published import Comparison
from segablate.report.words import counted, listed

COLUMN = "upper bound"


def sentences(compared: Sequence[Comparison]) -> list[str]:
    """Which measure comes nearest to what is printed, and whether one gives all of it."""
    own = [one for one in compared if one.column.startswith(COLUMN) and one.verdict != "not comparable"]
    labels = list(dict.fromkeys(one.measure for one in own))
    rows = {
        row: [one for one in own if one.row == row]
        for row in dict.fromkeys(one.row for one in own)
        if {one.measure for one in own if one.row == row} == set(labels)
    }
    if len(labels) < 2 or not rows:
        return []
    shared = [one for group in rows.values() for one in group]
    means = {
        label: statistics.fmean(abs(one.difference) for one in shared if one.measure == label)
        for label in labels
    }
    order = sorted(labels, key=lambda label: means[label])
    far = listed([f"{label} {means[label]:.2f} points" for label in order])
    over = counted(len(rows), "printed bound")
    first = f"Of {len(labels)} readings of the bound {order[0]} comes nearest"
    said = [f"{first}: over {over} the mean distance is {far}."]
    whole = [label for label in labels if all(one.agrees for one in shared if one.measure == label)]
    if not whole:
        return [*said, f"No reading gives all of them {own[0].within}."]
    return [*said, f"{listed(whole)} {'gives' if len(whole) == 1 else 'give'} all of them {own[0].within}."]
