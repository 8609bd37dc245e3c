"""Times on a page: median latency, and how it grows with the input."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from segablate.evidence.growth import Exponent, Scaling, scaling
from segablate.evidence.ratio import interval_of_times
from segablate.quantity import quantity
from segablate.report.blocks import Bullets, Section
from segablate.report.data import Record
from segablate.report.figures import Curve, Figure, Picture, Row, Rows
from segablate.report.readers.base import Measured, Reader, baseline_of, by_measure, called, readers
from segablate.report.words import counted, listed, stem

CPU = "CPU"
# axis of the input → what grows along it
GROWS = {"input.size": "pixels", "input.batch": "images"}
LEAST_POINTS = 3
MOST_ROWS = 32
MEGA = 1e6


@dataclass(frozen=True)
class Speed(Measured):
    """How long one variant takes under one measure: a record a process."""

    @property
    def reads(self) -> Mapping[str, Any]:
        """What it depends on."""
        return self.record.reads

    @property
    def medians(self) -> list[float]:
        """Each process's median, in milliseconds."""
        return [record.outcome.value("p50_ms") for record in self.records if record.outcome]

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
        ends = f" [{', '.join(map(what.shown, self.interval))}]" if self.interval else ""
        return what.shown(self.middle, unit=True) + ends

    def amount(self, axis: str) -> float:
        """Pixels or images."""
        height, width = self.reads["size"]
        return float(height * width if axis == "input.size" else self.reads["batch"])


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
        values = [step.value for step in self.law.local]
        return f"{min(values):.2f} to {max(values):.2f}"

    def sentence(self) -> str:
        """How time grows, and from where on."""
        amount, first, last = GROWS[self.axis], self.points[0][0], self.points[-1][0]
        between = f"{first:,.0f} to {last:,.0f} {amount}"
        if self.law.fits is not False:
            local = listed([f"{step.value:.2f}" for step in self.law.local])
            law = f"{amount}^{_exponent(self.law.overall)}"
            sentence = f"time grows as {law} ({between}; from point to point {local})"
        else:
            steps = listed([f"{_exponent(step)} up to {step.high:,.0f}" for step in self.law.local])
            off = f"{self.law.overall.value:.2f} and off by up to {100 * self.law.residual:.0f} %"
            sentence = (
                f"no single exponent describes how time grows with {amount} ({between}): it is {steps}; "
            )
            sentence += f"one for all would be {off}"
        busy = [speed.record.facts.get("busy") for _, speed in self.points]
        if not any(busy):
            return f"{self.family}: {sentence}."
        shares = listed([f"{100 * share:.0f} %" for share in busy if share is not None])
        return (
            f"{self.family}: {sentence}; kernels run {shares} of a pass: below 70 % launching takes the time."
        )


def speeds(records: Iterable[Record]) -> tuple[Speed, ...]:
    """All times, one a variant and measure, in the order of the records."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.done and record.use == "latency":
            groups.setdefault((record.measure, record.variant), []).append(record)
    return tuple(Speed(tuple(own)) for own in groups.values())


def growths(speeds: Sequence[Speed]) -> tuple[Growth, ...]:
    """How time grows along each axis of the input that has enough points."""
    grown: list[Growth] = []
    for axis in GROWS:
        families: dict[tuple[str, ...], list[tuple[float, Speed]]] = {}
        for timing in speeds:
            choices = timing.record.choices
            if axis in choices:
                others = [label for field, label in choices.items() if field != axis]
                families.setdefault((timing.measure, *others), []).append((timing.amount(axis), timing))
        several = {
            words: tuple(sorted(own, key=lambda point: point[0]))
            for words, own in families.items()
            if len({amount for amount, _ in own}) >= LEAST_POINTS
        }
        for words, points in several.items():
            # what all have in common need not be named
            telling = [word for at, word in enumerate(words) if len({other[at] for other in several}) > 1]
            processes = min(len(speed.medians) for _, speed in points)
            times = [[speed.medians[at] for _, speed in points] for at in range(processes)]
            law = scaling([amount for amount, _ in points], times)
            grown.append(Growth(", ".join(telling) or words[-1], axis, points, law))
    return tuple(grown)


@readers.register("latency")
class Latency(Reader):
    """Times of one pass."""

    headline: ClassVar = {"p50_ms": "median (ms)"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline takes, and which variants at its input are fastest and slowest."""
        own = by_measure(speeds(records)).get(measure, [])
        if not own:
            return ""
        base = baseline_of(own)
        text = f"On {base.conditions[0]}, {base.input}, {called(base)} takes {base.shown()}"
        like = [speed for speed in own if (speed.conditions, speed.input) == (base.conditions, base.input)]
        if len(like) < 2:
            return f"{text}."
        fast, slow = (pick(like, key=lambda speed: speed.middle) for pick in (min, max))
        return f"{text}; fastest is {fast.variant} ({fast.shown()}), slowest {slow.variant} ({slow.shown()})."

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Medians with intervals, or curves over the input."""
        drawn: list[Picture] = []
        stems: list[str] = []
        for label, own in by_measure(speeds(records)).items():
            stems.append(stem(label, stems))
            grown = growths(own)
            groups = {axis: [growth for growth in grown if growth.axis == axis] for axis in GROWS}
            drawn += [over_input(curves, axis, stems[-1]) for axis, curves in groups.items() if curves]
            drawn += [] if grown else [side_by_side(own, stems[-1])]
        return tuple(drawn)

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Under what the times were taken, and how they grow."""
        sentences = []
        for label, own in by_measure(speeds(records)).items():
            base = baseline_of(own)
            processes = counted(len(base.medians), "fresh process", "fresh processes")
            where = ", ".join([*base.conditions, base.input])
            sentences.append(f"Under {label} ({where}; {processes}) {called(base)} takes {base.shown()}.")
            sentences += [growth.sentence() for growth in growths(own)]
        return (Section("Times in words", (Bullets(tuple(sentences)),)),) if sentences else ()


def side_by_side(own: Sequence[Speed], name: str) -> Rows:
    """Each variant's median with its interval, on the baseline's device and at its precision."""
    base = baseline_of(own)
    like = [speed for speed in own if speed.conditions == base.conditions][:MOST_ROWS]
    processes = max(len(speed.medians) for speed in like)
    what = f"95 % intervals between {processes} processes" if processes > 1 else "one process: no interval"
    caption = f"Median latency on {', '.join(base.conditions)}; {what}."
    rows = tuple(Row(speed.variant, speed.middle, speed.interval) for speed in like)
    return Rows(f"latency-{name}", caption, "p50_ms", rows)


def over_input(grown: Sequence[Growth], axis: str, name: str) -> Figure:
    """Time over pixels or images, a line for each family, its exponent in its name."""
    first, amount, pixels = grown[0].points[0][1], GROWS[axis], axis == "input.size"
    curves = []
    for growth in grown:
        law = f"exponent {growth.exponents}" if growth.law.fits is False else f"∝ {amount}^{growth.exponents}"
        x = tuple(round(many / MEGA, 3) if pixels else many for many, _ in growth.points)
        y = tuple(speed.middle for _, speed in growth.points)
        curves.append(Curve(f"{growth.family} ({law})", "", growth.family, growth.family, x, y))
    exponents = listed([f"{growth.family} {growth.exponents}" for growth in grown])
    return Figure(
        name=f"latency-over-{amount}-{name}",
        caption=f"Median latency over {amount}, on {', '.join(first.conditions)}; exponents: {exponents}.",
        metric="p50_ms",
        x_label="megapixels" if pixels else "images in a batch",
        curves=tuple(curves),
        scale="log",
    )


def _exponent(exponent: Exponent) -> str:
    return f"{exponent.value:.2f}" + (
        f" ± {max(exponent.half, 0.01):.2f}" if math.isfinite(exponent.half) else ""
    )
