"""A device with scripted times, and networks on it that do nothing but say that they were called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from segablate.measures.timing.device import Call, Health, Timing
from segablate.measures.timing.protocols import Rules
from segablate.measures.timing.session import Session, Subject, Timed

Script = Callable[[], Iterator[float]]


@dataclass
class Fake:
    """Time passes only when it is asked to run something, and as long as the script says.

    Attributes:
        scripts: name of a network → seconds of its passes, one after the other.
        healths: what it tells of itself; the last again and again.
        ran: names in the order in which they ran, `~` for a flush.
        launch: seconds that the outer clock sees beside the inner.
    """

    scripts: dict[str, Iterator[float]]
    healths: list[Health] = field(default_factory=lambda: [Health()])
    ran: list[str] = field(default_factory=list)
    launch: float = 0.0
    clock: float = 0.0
    share: float | None = None
    bytes: int | None = None

    kind = "cuda"
    name = "scripted"
    cache = 1024

    def now(self) -> float:
        return self.clock

    def time(self, call: Call) -> Timing:
        name = str(call())
        self.ran.append(name)
        seconds = next(self.scripts[name])
        self.clock += seconds + self.launch
        return Timing(seconds, seconds + self.launch)

    def stream(self, call: Call, times: int) -> float:
        return sum(self.time(call).inner for _ in range(times)) / 2  # twice as fast without waiting

    def flush(self) -> None:
        self.ran.append("~")

    def peak(self, call: Call) -> int | None:
        return self.bytes

    def busy(self, call: Call) -> float | None:
        return self.share

    def health(self) -> Health:
        return self.healths.pop(0) if len(self.healths) > 1 else self.healths[0]


def always(seconds: float) -> Iterator[float]:
    """The same time again and again."""
    while True:
        yield seconds


def jumping(seconds: float, share: float) -> Iterator[float]:
    """A time that is never settled: up and down by a share."""
    while True:
        yield seconds * (1 + share)
        yield seconds * (1 - share)


def run(device: Fake, rules: Rules, names: str = "") -> dict[str, Timed | Exception]:
    """A session over the fake's networks."""
    chosen = list(names or device.scripts)
    subjects = [Subject(lambda name=name: name) for name in chosen]  # type: ignore[misc]
    return dict(zip(chosen, Session(subjects, device, rules).run(), strict=True))


@pytest.fixture
def quick() -> Rules:
    """Rules without a warm-up worth the name."""
    return Rules(l2="warm", warm_up=0.0, settle=False, cap=1.0)


__all__ = ["Fake", "always", "jumping", "replace", "run"]


@pytest.fixture
def fakes() -> object:
    """This module, so that tests can script devices."""
    import sys

    return sys.modules[__name__]
