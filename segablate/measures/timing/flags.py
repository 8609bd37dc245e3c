"""Flags: what makes a time doubtful. A closed list, each with what would put it right."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from segablate.measures.timing.protocols import Rules
from segablate.measures.timing.session import Timed

COLD_CLOCK = 0.9  # of the highest clock seen in the session
HOT = 83  # °C, near which boards of the last ten years begin to slow down
NEAR_LIMIT = 0.97  # of the power limit
AT_WORK = 0.7  # share of a pass below which launching decides
BUSY = 0.25  # others' load, or share of the time, per core
APART = 0.1, 0.1  # share, and milliseconds, that the two clocks may be apart


@dataclass(frozen=True)
class Flag:
    """A doubt about one time.

    Attributes:
        name: which of the list.
        detail: what was seen, `found` on the wire.
        remedy: what would put it right.
    """

    name: str
    detail: str
    remedy: str


def flags(timed: Timed, rules: Rules) -> tuple[Flag, ...]:
    """The flags of one network, in the order of the list."""
    return tuple(flag for rule in RULES for flag in rule(timed, rules))


def clocks(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """Clocks that fall, or a driver that says why it holds them down."""
    words = sorted({word for health in timed.health for word in health.slowed if word != "power cap"})
    seen = _known(health.clock for health in timed.health)
    hot = max(_known(health.temperature for health in timed.health), default=0.0)
    # the first look is at a device that has just been warmed up
    if words or hot >= HOT or (seen and seen[-1] < COLD_CLOCK * max(seen)):
        signs = [
            *words,
            f"{min(seen):.0f} to {max(seen):.0f} MHz" if seen else "",
            f"{hot:.0f} °C" if hot else "",
        ]
        yield Flag("throttled", ", ".join(filter(None, signs)), "cool the device, or lock its clocks lower")


def power(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """A device that runs into its power limit changes its clock with the work."""
    near = [
        health
        for health in timed.health
        if health.power is not None and health.power_limit and health.power >= NEAR_LIMIT * health.power_limit
    ]
    if near or any("power cap" in health.slowed for health in timed.health):
        most = max(_known(health.power for health in timed.health), default=0.0)
        limit = max(_known(health.power_limit for health in timed.health), default=0.0)
        yield Flag("power-limit", f"{most:.0f} of {limit:.0f} W", "raise the limit, or lock the clocks lower")


def company(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """Somebody else on the device."""
    most = max(_known(health.others for health in timed.health), default=0.0)
    if most:
        yield Flag("shared-device", f"{most:.0f} other processes on it", "end them, or take another device")


def load(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """Others that took the cores meanwhile.

    A session too short to tell, or a system that does not, goes by the load of the last minute, of which the
    session itself wants as much as it has threads.
    """
    seen = _known(health.beside for health in timed.health[1:])  # the first look is at the warm-up
    if seen:
        if statistics.fmean(seen) > BUSY:
            detail = f"other processes took {100 * statistics.fmean(seen):.0f} % of the cores meanwhile"
            yield Flag("load", detail, "end what else is running")
        return
    extra = [
        health.load - (health.threads or 1) / health.cores
        for health in timed.health[:1]
        if health.load is not None and health.cores
    ]
    if extra and extra[0] > BUSY:
        yield Flag("load", f"{extra[0]:.2f} processes a core beside it", "end what else is running")


def governor(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """A clock that follows the load."""
    governors = {health.governor for health in timed.health if health.governor} - {"performance"}
    if governors:
        yield Flag("governor", ", ".join(sorted(governors)), "set the governor to `performance`")


def threads(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """Threads that have to share a core."""
    for health in timed.health[:1]:
        if health.cores and health.threads and health.threads > health.cores:
            detail = f"{health.threads} threads on {health.cores} cores"
            yield Flag("threads", detail, f"set OMP_NUM_THREADS to {health.cores} or less")


def unsettled(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """The warm-up ended by its time."""
    if not timed.settled:
        yield Flag(
            "unsettled", "the last windows of the warm-up differ", "quieten the machine, or warm up longer"
        )


def noise(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """The cap came before the bound."""
    if rules.bound and timed.half_width > rules.bound:
        detail = f"the median is known to ±{100 * timed.half_width:.2g} %, not to ±{100 * rules.bound:g} %"
        yield Flag("noise", detail, "raise `cap`, or quieten the machine")


def launches(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """A device that waits for the CPU most of the time."""
    if timed.busy is not None and timed.busy < AT_WORK:
        detail = f"kernels run {100 * timed.busy:.0f} % of a pass"
        yield Flag("launch-bound", detail, "use `runtime: cuda-graph` or a larger batch")


def two_clocks(timed: Timed, rules: Rules) -> Iterator[Flag]:
    """The device's clock against the wall's, around the same passes."""
    inner, outer = statistics.median(timed.samples), statistics.median(timed.outer)
    share, slack = APART
    if inner > outer * 1.01 or outer - inner > share * inner + slack:
        yield Flag("clock", f"{inner:.3f} ms inside, {outer:.3f} ms outside", "run `segablate doctor`")


def _known(values: Iterable[float | None]) -> Sequence[float]:
    return [float(value) for value in values if value is not None]


RULES: tuple[Callable[[Timed, Rules], Iterator[Flag]], ...] = (
    clocks,
    power,
    company,
    load,
    governor,
    threads,
    unsettled,
    noise,
    launches,
    two_clocks,
)
