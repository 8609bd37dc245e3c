"""What a device owes to the clock: to time one pass, to run many without waiting, and to say how it is.

The protocol knows nothing else of a device, so that a fake with scripted times can stand in for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Call: TypeAlias = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """One pass, in seconds.

    Attributes:
        inner: by the device's own clock.
        outer: by a wall clock around the same pass, until the device said that it was done.
    """

    inner: float
    outer: float


@dataclass(frozen=True)
class Health:
    """How a device is at one moment; None where it does not tell.

    Attributes:
        clock: its clock now, in MHz.
        top_clock: the highest it may have.
        temperature: °C.
        power: W.
        power_limit: W.
        slowed: why it runs slower than it could, in the driver's words.
        others: how many other processes are on it.
        load: processes that want a core, per core, over the last minute.
        beside: share of the cores' time that other processes took since the last look.
        governor: what decides the CPU's clock.
        cores: that this process may use.
        threads: that torch uses.
    """

    clock: float | None = None
    top_clock: float | None = None
    temperature: float | None = None
    power: float | None = None
    power_limit: float | None = None
    slowed: tuple[str, ...] = ()
    others: int | None = None
    load: float | None = None
    beside: float | None = None
    governor: str | None = None
    cores: int | None = None
    threads: int | None = None


class Device(Protocol):
    """Something that networks run on.

    Attributes:
        kind: `cpu` or `cuda`.
        name: what its maker calls it.
        cache: bytes of the cache that `flush` clears.
    """

    kind: str
    name: str
    cache: int

    def now(self) -> float:
        """Seconds of a wall clock that nothing on the device depends on."""

    def time(self, call: Call) -> Timing:
        """Run once, with nothing else on the device, and wait until it is done."""

    def stream(self, call: Call, times: int) -> float:
        """Run so often without waiting in between; seconds until all is done."""

    def flush(self) -> None:
        """Put something else into the cache that is nearest to the processors."""

    def peak(self, call: Call) -> int | None:
        """Most bytes on the device during a pass, more than before it; None where nobody counts them."""

    def busy(self, call: Call) -> float | None:
        """Share of a pass in which the device was at work; None where there is no telling."""

    def health(self) -> Health:
        """How it is now."""
