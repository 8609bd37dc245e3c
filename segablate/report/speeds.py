"""Outcomes of `latency`, seen as what they are: how long a variant takes, on what, and how that grows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segablate.evidence.growth import Exponent, Scaling, scaling
from segablate.evidence.ratio import interval_of_times
from segablate.quantity import quantity
from segablate.report.data import Record
from segablate.report.words import counted, listed

CPU = "CPU"
INPUT_AXES = ("input.size", "input.batch")
LEAST_POINTS = 3
FITTED = {"input.size": "pixels", "input.batch": "images"}


@dataclass(frozen=True)
class Speed:
    """How long one variant takes under one measure.

    Attributes:
        records: its repeats, one a process.
    """

    records: tuple[Record, ...]

    @property
    def measure(self) -> str:
        """Label of the measure."""
        return self.records[0].measure

    @property
    def variant(self) -> str:
        """Label of the variant."""
        return self.records[0].variant

    @property
    def baseline(self) -> bool:
        """Whether others are compared with it."""
        return self.records[0].baseline

    @property
    def reads(self) -> Mapping[str, Any]:
        """What it depends on."""
        return self.records[0].reads

    @property
    def medians(self) -> list[float]:
        """Each process's median, in milliseconds."""
        return [one.outcome.value("p50_ms") for one in self.records if one.outcome]

    @property
    def middle(self) -> float:
        """The mean of the processes' medians, as the table has it."""
        return statistics.fmean(self.medians)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Interval between processes; None with a single one."""
        return interval_of_times(self.medians) if len(self.medians) > 1 else None

    @property
    def device(self) -> str:
        """`CPU`, or the name of the GPU."""
        return CPU if self.reads["device"] == "cpu" else str(self.reads["device_name"])

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must be equal before two times are compared, in words."""
        reads = self.reads
        threads = (counted(int(reads["threads"]), "thread"),) if reads["device"] == "cpu" else ()
        named = f"{self.device} ({reads['device_name']})" if self.device == CPU else self.device
        return (named, *threads, str(reads["precision"]), f"scope {reads['scope']}", str(reads["runtime"]))

    @property
    def input(self) -> str:
        """`batch 1, 512×1024`."""
        return f"batch {self.reads['batch']}, {'×'.join(map(str, self.reads['size']))}"

    def shown(self) -> str:
        """The median with its interval."""
        what = quantity("p50_ms")
        text = what.shown(self.middle, unit=True)
        if self.interval is None:
            return text
        low, high = (what.shown(end) for end in self.interval)
        return f"{text} [{low}, {high}]"


@dataclass(frozen=True)
class Growth:
    """How time grows along an axis of the input.

    Attributes:
        family: what is timed at every point.
        axis: `input.size` or `input.batch`.
        points: amount (pixels or images) and speed, by amount.
        law: its exponents, and whether one is enough.
    """

    family: str
    axis: str
    points: tuple[tuple[float, Speed], ...]
    law: Scaling

    @property
    def exponents(self) -> str:
        """`0.93`, or the range of the local ones where they are not one."""
        if self.law.fits is not False:
            return f"{self.law.overall.value:.2f}"
        values = [one.value for one in self.law.local]
        return f"{min(values):.2f} to {max(values):.2f}"

    @property
    def busy(self) -> list[float | None]:
        """Share of a pass that the device is at work, by amount."""
        return [speed.records[0].facts.get("busy") for _, speed in self.points]


def speeds(records: Iterable[Record]) -> tuple[Speed, ...]:
    """All times, one a variant and measure, in the order of the records."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.done and record.use == "latency":
            found.setdefault((record.measure, record.variant), []).append(record)
    return tuple(Speed(tuple(own)) for own in found.values())


def growths(found: Sequence[Speed]) -> tuple[Growth, ...]:
    """How time grows along each axis of the input that has enough points."""
    grown: list[Growth] = []
    for axis in INPUT_AXES:
        families: dict[tuple[str, ...], list[tuple[float, Speed]]] = {}
        for one in found:
            choices = one.records[0].choices
            if axis in choices:
                others = [label for field, label in choices.items() if field != axis]
                families.setdefault((one.measure, *others), []).append((_amount(one, axis), one))
        several = {
            words: tuple(sorted(own, key=lambda point: point[0]))
            for words, own in families.items()
            if len({amount for amount, _ in own}) >= LEAST_POINTS
        }
        for words, points in several.items():
            # what all have in common needs no telling
            told = [word for at, word in enumerate(words) if len({other[at] for other in several}) > 1]
            grown.append(_growth(", ".join(told) or words[-1], axis, points))
    return tuple(grown)


def answer(found: Sequence[Speed]) -> str:
    """What the baseline takes, and which variants are fastest and slowest; "" where nothing was timed."""
    if not found:
        return ""
    base = next((one for one in found if one.baseline), found[0])
    like = [one for one in found if (one.conditions, one.input) == (base.conditions, base.input)]
    said = f"On {base.conditions[0]}, {base.input}, {_called(base)} takes {base.shown()}"
    if len(like) < 2:
        return f"{said}."
    least, most = (pick(like, key=lambda one: one.middle) for pick in (min, max))
    return f"{said}; fastest is {_called(least)} ({least.shown()}), slowest {_called(most)} ({most.shown()})."


def sentences(found: Sequence[Speed]) -> list[str]:
    """What was found, in sentences."""
    said: list[str] = []
    for label in dict.fromkeys(one.measure for one in found):
        own = [one for one in found if one.measure == label]
        said += _of_baseline(label, own)
        said += [_grows(one) for one in growths(own)]
    return said


def _of_baseline(label: str, own: Sequence[Speed]) -> list[str]:
    base = next((one for one in own if one.baseline), own[0])
    like = [one for one in own if (one.conditions, one.input) == (base.conditions, base.input)]
    processes = counted(len(base.medians), "fresh process", "fresh processes")
    said = [
        f"Under {label} ({', '.join([*base.conditions, base.input])}; {processes}), "
        f"{_called(base)} takes {base.shown()}."
    ]
    if len(like) > 1:
        least, most = (pick(like, key=lambda one: one.middle) for pick in (min, max))
        said.append(
            f"Of {len(like)} variants at that input, {_called(least)} has the least median "
            f"({least.shown()}) and {_called(most)} the highest ({most.shown()})."
        )
    return said


def _called(one: Speed) -> str:
    if not one.baseline:
        return one.variant
    return "the baseline" if one.variant == "baseline" else f"the baseline ({one.variant})"


def _grows(one: Growth) -> str:
    said = f"{one.family}: {_one_law(one) if one.law.fits is not False else _many_laws(one)}"
    known = [share for share in one.busy if share is not None]
    if not known:
        return f"{said}."
    shares = listed([f"{100 * share:.0f} %" for share in known])
    return f"{said}; kernels run {shares} of a pass: below 70 % it is launching that takes the time."


def _one_law(one: Growth) -> str:
    local = listed([f"{step.value:.2f}" for step in one.law.local])
    return (
        f"time grows as {FITTED[one.axis]}^{_exponent(one.law.overall)} ({_range(one)}; "
        f"from point to point {local})"
    )


def _many_laws(one: Growth) -> str:
    steps = [f"{_exponent(step)} up to {step.high:,.0f}" for step in one.law.local]
    return (
        f"no one exponent tells how time grows with {FITTED[one.axis]} ({_range(one)}): "
        f"it is {listed(steps)}; "
        f"one for all would be {one.law.overall.value:.2f} and off by up to {100 * one.law.residual:.0f} %"
    )


def _range(one: Growth) -> str:
    return f"{one.points[0][0]:,.0f} to {one.points[-1][0]:,.0f} {FITTED[one.axis]}"


def _exponent(one: Exponent) -> str:
    return f"{one.value:.2f}" + (f" ± {max(one.half, 0.01):.2f}" if math.isfinite(one.half) else "")


def _amount(one: Speed, axis: str) -> float:
    height, width = one.reads["size"]
    return float(height * width if axis == "input.size" else one.reads["batch"])


def _growth(family: str, axis: str, points: tuple[tuple[float, Speed], ...]) -> Growth:
    processes = min(len(speed.medians) for _, speed in points)
    times = [[speed.medians[at] for _, speed in points] for at in range(processes)]
    return Growth(family, axis, points, scaling([amount for amount, _ in points], times))
