"""A session: networks timed side by side, in turn, so that drift hits them all alike.

warm up   A B C A B C …   until it has lasted long enough and the last windows agree
time      A B C A B C …   until every median is known well enough, or the cap
stream    A B C A B C …   throughput: many passes, waited for once
once      A B C           memory, and the share of a pass that the device is at work
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from segablate.evidence.ratio import half_width
from segablate.measures.timing.device import Call, Device, Health, Timing
from segablate.measures.timing.protocols import Rules

WINDOW = 5  # passes in a window of the warm-up
AGREE = 0.02  # relative difference of the last two windows' medians
PATIENCE = 5  # times the warm-up's seconds after which it ends unsettled
FIRST_LOOK = 10  # rounds before the first look at the intervals
GROWTH = 1.15  # the next look comes after so many times the rounds
TURNS = 2  # of throughput
STREAM = 0.3  # seconds of one turn
HEALTH_EVERY = 1.0  # seconds between two questions to the device

Stop: TypeAlias = Literal["bound", "cap", "most"]
Tell: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Subject:
    """A network ready to run.

    Attributes:
        call: one pass.
        images: in a pass.
    """

    call: Call
    images: int = 1


@dataclass(frozen=True)
class Timed:
    """What was found of one network.

    Attributes:
        samples: milliseconds of each pass, in their order.
        outer: the wall clock's milliseconds of the same passes.
        fps: images a second of each turn of throughput.
        peak: most bytes a pass takes on the device; None where nobody counts them.
        busy: share of a pass that the device is at work; None where there is no telling.
        stopped: why timing ended.
        half_width: half the interval of the median over the median.
        settled: whether the last windows of the warm-up agreed.
        health: how the device was, in the order in which it was asked.
    """

    samples: tuple[float, ...]
    outer: tuple[float, ...]
    fps: tuple[float, ...]
    peak: int | None
    busy: float | None
    stopped: Stop
    half_width: float
    settled: bool
    health: tuple[Health, ...]


@dataclass
class _Track:
    subject: Subject
    warm: list[float] = field(default_factory=list)
    taken: list[Timing] = field(default_factory=list)
    fps: list[float] = field(default_factory=list)
    peak: int | None = None
    busy: float | None = None
    error: Exception | None = None

    @property
    def inner(self) -> list[float]:
        return [timing.inner for timing in self.taken]

    @property
    def settled(self) -> bool:
        if len(self.warm) < 2 * WINDOW:
            return False
        last, before = (
            statistics.median(self.warm[at : at + WINDOW] or [0.0])
            for at in (len(self.warm) - WINDOW, len(self.warm) - 2 * WINDOW)
        )
        return abs(last - before) <= AGREE * before


class Session:
    """Networks timed side by side.

    Args:
        subjects: the networks, in the order in which they take turns.
        device: where they run.
        rules: when to begin and to end.
        tell: called with the seconds that timing has lasted.
    """

    def __init__(
        self, subjects: Sequence[Subject], device: Device, rules: Rules, tell: Tell = lambda seconds: None
    ) -> None:
        self.device = device
        self.rules = rules
        self.tracks = [_Track(subject) for subject in subjects]
        self._tell = tell
        self._health: list[Health] = []
        self._looked = -math.inf
        self._stopped: Stop = "cap"

    def run(self) -> list[Timed | Exception]:
        """Time them all; one that raises is left out from there on, and its error is its result."""
        self._warm_up()
        self._look()
        self._time()
        self._look()
        for _ in range(TURNS):
            self._turn(self._stream)
        self._turn(self._once)
        return [track.error or self._result(track) for track in self.tracks]

    @property
    def _live(self) -> list[_Track]:
        return [track for track in self.tracks if track.error is None]

    def _turn(self, act: Callable[[_Track], None]) -> None:
        """One round: each network once, in order."""
        for track in self._live:
            try:
                act(track)
            except Exception as error:  # one network's failure is not the others'
                track.error = error

    def _warm_up(self) -> None:
        began, rounds = self.device.now(), 0
        while self._live:
            self._turn(lambda track: track.warm.append(self.device.time(track.subject.call).inner))
            rounds += 1
            lasted = self.device.now() - began
            if lasted < self.rules.warm_up or rounds < self.rules.warm_passes:
                continue
            steady = not self.rules.settle or all(track.settled for track in self._live)
            if steady or lasted >= PATIENCE * self.rules.warm_up:
                return

    def _time(self) -> None:
        began, rounds, look = self.device.now(), 0, FIRST_LOOK
        while self._live:
            self._turn(self._sample)
            rounds += 1
            lasted = self.device.now() - began
            self._tell(lasted)
            if lasted - self._looked >= HEALTH_EVERY:
                self._looked = lasted
                self._look()
            if rounds >= look:
                look = math.ceil(GROWTH * rounds)
                if self._known():
                    self._stopped = "bound"
                    return
            if rounds >= self.rules.most:
                self._stopped = "most"
                return
            if lasted >= self.rules.cap * len(self._live) and rounds >= self.rules.least:
                return

    def _known(self) -> bool:
        bound = self.rules.bound
        return bound > 0 and all(half_width(track.inner) <= bound for track in self._live)

    def _sample(self, track: _Track) -> None:
        if self.rules.l2 == "flush":
            self.device.flush()
        track.taken.append(self.device.time(track.subject.call))

    def _stream(self, track: _Track) -> None:
        times = max(1, round(STREAM / statistics.median(track.inner)))
        seconds = self.device.stream(track.subject.call, times)
        track.fps.append(times * track.subject.images / seconds)

    def _once(self, track: _Track) -> None:
        track.peak = self.device.peak(track.subject.call)
        track.busy = self.device.busy(track.subject.call)

    def _look(self) -> None:
        self._health.append(self.device.health())

    def _result(self, track: _Track) -> Timed:
        return Timed(
            samples=tuple(1e3 * timing.inner for timing in track.taken),
            outer=tuple(1e3 * timing.outer for timing in track.taken),
            fps=tuple(track.fps),
            peak=track.peak,
            busy=track.busy,
            stopped=self._stopped,
            half_width=half_width(track.inner),
            settled=track.settled or not self.rules.settle,
            health=tuple(self._health),
        )
