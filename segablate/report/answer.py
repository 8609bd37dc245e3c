"""What was found, in sentences that are computed and never typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.report import calibrated, joined, readings, speeds
from segablate.report.ceilings import Ceiling, at, baseline_of, best_of, measures, strides
from segablate.report.costs import costings, sentences
from segablate.report.data import Record
from segablate.report.joined import Join
from segablate.report.judged import sentences as judged_sentences
from segablate.report.published import Comparison
from segablate.report.verdicts import Verdicts
from segablate.report.words import counted, images, listed, percent, signed

MOST_NAMED = 8


def answer(
    records: Sequence[Record],
    found: Sequence[Ceiling],
    baseline: Mapping[str, str],
    compared: Sequence[Comparison],
    both: Sequence[Join] = (),
    judged: Verdicts | None = None,
) -> tuple[str, ...]:
    """The answer, a sentence an element: what comes back at each stride, and how that agrees with print."""
    done = sum(record.done for record in records)
    if not done:
        return (f"Nothing was measured: {_states(records)}.",)
    costs = [*sentences(costings(records)), *speeds.sentences(speeds.speeds(records))]
    told = [*calibrated.sentences(calibrated.cases(records)), *judged_sentences(judged or {}, records)]
    if not (found or costs or told):
        return (f"The table tells what was measured: {_states(records)}.",)
    kept = [_at_stride(found, stride, baseline) for stride in strides(found)]
    return (
        *told,
        *joined.sentences(both),
        *kept,
        *costs,
        *_agreement(compared),
        *readings.sentences(compared),
    )


def _states(records: Sequence[Record]) -> str:
    states = [record.state for record in records]
    return listed([f"{counted(states.count(state), 'cell')} {state}" for state in dict.fromkeys(states)])


def _at_stride(found: Sequence[Ceiling], stride: int, baseline: Mapping[str, str]) -> str:
    parts = []
    for label in measures(found):
        for group in at(found, label, stride):
            n = images(one.images for one in group)
            parts.append(f"under {label} (n = {n}) {_contest(group, baseline)}")
    return f"At output stride {stride}, {'; '.join(parts)}."


def _contest(group: Sequence[Ceiling], baseline: Mapping[str, str]) -> str:
    base, best = baseline_of(group, baseline), best_of(group)
    first = f"{base.name} reaches mIoU* {percent(base.miou)}"
    if len(group) == 1:
        return first
    if base is best:
        return f"{first}, the most of {len(group)} upsamplers"
    return f"{first} and {best.name} {percent(best.miou)}, the most of {len(group)} upsamplers"


def _agreement(compared: Sequence[Comparison]) -> list[str]:
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
