"""Outcomes of `calibration`: do the verdicts keep their word, case by case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from segablate.evidence.calibration import ALPHA
from segablate.quantity import quantity
from segablate.report.blocks import Caveat
from segablate.report.data import Record
from segablate.report.figures import Curve, Figure
from segablate.report.words import listed, plain, stem

TOLERATED = ALPHA + 0.01
METRICS = ("false_verdicts", "coverage")
SIZES = {"seeds": "seeds", "images": "test images"}


@dataclass(frozen=True)
class Case:
    """One simulated case.

    Attributes:
        record: where it comes from.
        kind: what was drawn again, "seeds" or "images".
        name: how the numbers are spread.
        n: seeds or images.
    """

    record: Record
    kind: str
    name: str
    n: int

    def value(self, metric: str) -> float:
        """A share; NaN where it was not asked."""
        return self.record.outcome.value(metric) if self.record.outcome else math.nan

    @property
    def holds(self) -> bool:
        """Whether false verdicts stay within one point of the level."""
        return self.value("false_verdicts") <= TOLERATED


def cases(records: Sequence[Record]) -> list[Case]:
    """All simulated cases, one a variant and measure."""
    found = []
    for record in records:
        if record.done and record.use == "calibration":
            kind = "seeds" if "seeds" in record.reads else "images"
            name = plain(record.reads.get("spread", record.reads.get("scenes")))
            if record.reads.get("correlation"):
                name += f", correlation {record.reads['correlation']:g}"
            found.append(Case(record, kind, name, int(record.reads[kind])))
    return found


def sentences(found: Sequence[Case]) -> list[str]:
    """Where the rule holds, and where it does not."""
    if not found:
        return []
    kept = [one for one in found if one.holds]
    said = [
        f"The share of false verdicts is at most {100 * TOLERATED:g} % in {len(kept)} of {len(found)} cases."
    ]
    for kind in dict.fromkeys(one.kind for one in found):
        for name in dict.fromkeys(one.name for one in found if one.kind == kind):
            said.append(_sentence([one for one in found if (one.kind, one.name) == (kind, name)]))
    return said


def _sentence(own: Sequence[Case]) -> str:
    first, what = own[0], quantity("false_verdicts")
    worst = max(own, key=lambda one: one.value("false_verdicts"))
    lost = [str(one.n) for one in own if not one.holds]
    at_most = f"at most {what.shown(worst.value('false_verdicts'), unit=True)}, at n = {worst.n}"
    if not lost:
        return f"{first.name}: holds whatever the number of {SIZES[first.kind]} ({at_most})."
    return f"{first.name}: does not hold at n = {listed(lost)} {SIZES[first.kind]} ({at_most})."


def figures(found: Sequence[Case]) -> list[Figure]:
    """False verdicts and coverage over n, a line a spread."""
    drawn: list[Figure] = []
    for kind in dict.fromkeys(one.kind for one in found):
        own = sorted((one for one in found if one.kind == kind), key=lambda one: one.n)
        names = list(dict.fromkeys(one.name for one in found if one.kind == kind))
        if len({one.n for one in own}) < 2:
            continue
        curves = {name: [one for one in own if one.name == name] for name in names}
        drawn += [
            Figure(
                name=stem(f"{metric}-{kind}"),
                caption=f"{quantity(metric).heading} over the number of {SIZES[kind]}.",
                metric=metric,
                x_label=f"n: {SIZES[kind]}",
                curves=tuple(_curve(name, curve, metric) for name, curve in curves.items()),
            )
            for metric in METRICS
        ]
    return drawn


def _curve(name: str, own: Sequence[Case], metric: str) -> Curve:
    x, y = tuple(float(one.n) for one in own), tuple(one.value(metric) for one in own)
    return Curve(name, name, name, name, x, y)


def does_not_hold(records: Sequence[Record]) -> list[Caveat]:
    """Cases in which more verdicts are false than the level says."""
    lost = dict.fromkeys(one.name for one in cases(records) if not one.holds)
    if not lost:
        return []
    return [
        Caveat(
            f"More than {100 * TOLERATED:g} % of verdicts are false in some cases of {listed(list(lost))}.",
            "Where numbers may be spread like this, take more seeds or images, and look at each one.",
        )
    ]


def made_up(records: Sequence[Record]) -> list[Caveat]:
    """Simulated spreads are not those of networks."""
    found = cases(records)
    if not found:
        return []
    simulations = min(int(one.record.reads["simulations"]) for one in found)
    error = 100 * math.sqrt(ALPHA * (1 - ALPHA) / simulations)
    return [
        Caveat(
            f"These are made-up numbers, {simulations:,} simulations a case: the share itself is known to "
            f"±{2 * error:.1f} points.",
            "Ask whether your own scores are spread like one of these.",
        )
    ]
