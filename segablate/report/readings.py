"""What agrees with print, and which reading of a printed bound comes nearest to it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from segablate.report.published import Comparison
from segablate.report.words import counted, listed, signed

COLUMN = "upper bound"
MOST_NAMED = 8


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


def agreement(compared: Sequence[Comparison]) -> list[str]:
    """Per measure: which published values agree within the tolerance, and which do not."""
    said = []
    for label in dict.fromkeys(one.measure for one in compared):
        own = [one for one in compared if one.measure == label]
        told = [one for one in own if one.verdict != "not comparable"]
        if told:
            said += _verdicts(told, label)
        else:
            said.append(f"No published value is comparable with {label}, because {own[0].because}.")
    return said


def _verdicts(told: Sequence[Comparison], label: str) -> list[str]:
    agree = [_short(one) for one in told if one.agrees]
    differ = [_short(one) for one in told if not one.agrees]
    all_ = counted(len(told), told[0].called)
    within = told[0].within
    if not agree:
        return [f"Under {label}, none of {all_} agrees {within}: {listed(differ)}."]
    verb = "agrees" if len(agree) == 1 else "agree"
    # what is equal needs no list as long as the table
    which = f": {listed(agree)}" if told[0].tolerance or len(agree) <= MOST_NAMED else ""
    said = [f"Under {label}, {len(agree)} of {all_} {verb} {within}{which}."]
    if differ:
        said.append(f"{len(differ)} {'does' if len(differ) == 1 else 'do'} not: {listed(differ)}.")
    return said


def _short(one: Comparison) -> str:
    if one.agrees and not one.tolerance:
        return f"{one.row} ({one.shown(one.measured)})"
    measured, printed = f"{one.shown(one.measured)} measured", f"{one.shown(one.published)} published"
    return f"{one.row} ({measured}, {printed}, {signed(one.difference, one.quantity.digits)})"
