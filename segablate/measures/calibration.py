"""How often the verdicts of this program are wrong, measured on made-up results whose truth is known."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from segablate.errors import SegablateError, near_miss
from segablate.evidence.calibration import SCENES, SPREAD_NAMES, Shares, of_images, of_seeds
from segablate.evidence.tails import FEWEST_TO_RESAMPLE
from segablate.measures.base import Config, MeasureContext, Needs, Result, measures
from segablate.records import Measurement, Reads

OF_SEEDS, OF_IMAGES = ("spread", "seeds", "correlation"), ("scenes", "images")
CONVENTIONS = {
    "false_verdicts": "better or worse at 5 %, one comparison, although there is no difference",
    "coverage": "95 % intervals that hold the true difference",
    "false_equivalents": "equivalent at 5 % although the true difference is the margin",
    "power": "better, where the true difference is the one that a verdict says can be told 8 times of 10",
}


@measures.register("calibration")
class Calibration:
    """Share of false verdicts and coverage of intervals, by simulation.

    The configuration's `data` is `{spread: …, seeds: n, correlation: 0…1}` or `{scenes: …, images: n}`.

    Args:
        simulations: made-up studies a case.
        resamples: of each bootstrap.
        seed: of everything drawn.
    """

    seeded: ClassVar[bool] = False
    portable: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = tuple(CONVENTIONS)
    needs: ClassVar[Needs] = Needs(divisible=True)
    thread_sensitive: ClassVar[bool] = False

    def __init__(self, *, simulations: int = 10_000, resamples: int = 1000, seed: int = 0) -> None:
        for name, value, least in (("simulations", simulations, 1), ("resamples", resamples, 100)):
            if value < least:
                raise SegablateError(f"`{name}` is {value}, but must be at least {least}", field=name)
        self.settings = {"simulations": simulations, "resamples": resamples, "seed": seed}

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        data = config.get("data")
        if not isinstance(data, Mapping) or ("seeds" in data) == ("images" in data):
            raise SegablateError(
                "measure `calibration` needs either a number of seeds or one of images",
                hint="write `data: {spread: normal, seeds: 5}`",
                field="data",
            )
        known = OF_SEEDS if "seeds" in data else OF_IMAGES
        for word in data:
            if word not in known:
                hint = near_miss(word, known)
                raise SegablateError(f"`data` has no `{word}`", hint=hint, field=f"data.{word}")
        n, what, names = known[1], known[0], SPREAD_NAMES if "seeds" in data else SCENES
        if data.get(what) not in names:
            hint = near_miss(str(data.get(what)), names)
            raise SegablateError(f"there is no {what} `{data.get(what)}`", hint=hint, field=f"data.{what}")
        return {what: data[what], n: number(data[n], n), **_correlation(data), **self.settings}

    def together(self, reads: Reads) -> Hashable:
        """All of them, one after the other."""
        return None

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        with ctx.progress("cases", len(cells)) as advance:
            for reads in cells:
                shares = _shares(reads)
                advance(1)
                yield Result(tuple(_measurements(shares)), {"simulations": reads["simulations"]})


def _shares(reads: Reads) -> Shares:
    settings = {name: int(reads[name]) for name in ("simulations", "resamples", "seed")}
    if "images" in reads:
        return of_images(reads["scenes"], int(reads["images"]), **settings)
    return of_seeds(reads["spread"], int(reads["seeds"]), correlation=float(reads["correlation"]), **settings)


def _measurements(shares: Shares) -> Iterator[Measurement]:
    for metric, convention in CONVENTIONS.items():
        value = getattr(shares, metric)
        if value is not None:
            yield Measurement(metric, (value,), convention)


def number(value: Any, name: str, least: int = 2) -> int:
    """A whole number of the configuration's `data`.

    Raises:
        SegablateError: it is none, or too small.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SegablateError(f"`{name}` is `{value}`, but must be at least {least}", field=f"data.{name}")
    return value


def correlation(data: Mapping[str, Any]) -> float:
    """The correlation of a seed's scores, 0 where none is given.

    Raises:
        SegablateError: it is no number from 0 to below 1.
    """
    value = data.get("correlation", 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise SegablateError(
            f"`correlation` is `{value}`, but must be at least 0 and below 1", field="data.correlation"
        )
    return float(value)


def _correlation(data: Mapping[str, Any]) -> dict[str, Any]:
    if "seeds" not in data:
        return {}
    # which methods judge is part of what is measured
    return {"correlation": correlation(data), "bootstrap_from": FEWEST_TO_RESAMPLE}
