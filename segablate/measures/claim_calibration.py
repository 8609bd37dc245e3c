"""How often a study confirms or refutes a claim falsely, measured on made-up results whose truth is known."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, get_args

from segablate.errors import SegablateError, near_miss
from segablate.evidence.calibration import SPREAD_NAMES, ComparingWord, of_claims
from segablate.evidence.tails import FEWEST_TO_RESAMPLE
from segablate.measures.base import Config, MeasureContext, Needs, Result, measures
from segablate.measures.calibration import correlation, number
from segablate.records import Measurement, Reads

KNOWN = ("word", "claims", "spread", "seeds", "correlation")
CONVENTIONS = {
    "false_confirmations": "studies with a confirmed claim whose true difference is the least that is wrong",
    "false_refutations": "studies with a refuted claim whose true difference is the least that is right",
}


@measures.register("claim-calibration")
class ClaimCalibration:
    """Share of studies with a false verdict on a claim, by simulation.

    The configuration's `data` is `{word: beats, claims: 5, spread: …, seeds: n, correlation: 0…1}`: so many
    variants, of each of which the same is claimed beside one baseline.

    Args:
        studies: made-up studies a case.
        resamples: of each bootstrap.
        seed: of everything drawn.
    """

    seeded: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs(divisible=True)
    thread_sensitive: ClassVar[bool] = False
    metrics: ClassVar[tuple[str, ...]] = tuple(CONVENTIONS)

    def __init__(self, *, studies: int = 4000, resamples: int = 1000, seed: int = 0) -> None:
        for name, value, least in (("studies", studies, 1), ("resamples", resamples, 100)):
            if value < least:
                raise SegablateError(f"`{name}` is {value}, but must be at least {least}", field=name)
        self.settings = {"studies": studies, "resamples": resamples, "seed": seed}

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        data = config.get("data")
        if not isinstance(data, Mapping) or "word" not in data:
            raise SegablateError(
                "measure `claim-calibration` needs a claim's word",
                hint="write `data: {word: beats, claims: 1, spread: normal, seeds: 5}`",
                field="data",
            )
        for name in data:
            if name not in KNOWN:
                raise SegablateError(
                    f"`data` has no `{name}`", hint=near_miss(name, KNOWN), field=f"data.{name}"
                )
        for name, known in (("word", get_args(ComparingWord)), ("spread", SPREAD_NAMES)):
            if data.get(name) not in known:
                hint = near_miss(str(data.get(name)), known)
                raise SegablateError(
                    f"there is no {name} `{data.get(name)}`", hint=hint, field=f"data.{name}"
                )
        return {
            "word": data["word"],
            "claims": number(data.get("claims", 1), "claims", 1),
            "spread": data["spread"],
            "seeds": number(data.get("seeds"), "seeds"),
            "correlation": correlation(data),
            "bootstrap_from": FEWEST_TO_RESAMPLE,
            **self.settings,
        }

    def together(self, reads: Reads) -> Hashable:
        """All of them, one after the other."""
        return None

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        with ctx.progress("cases", len(cells)) as advance:
            for reads in cells:
                shares = of_claims(
                    reads["word"],
                    int(reads["claims"]),
                    reads["spread"],
                    int(reads["seeds"]),
                    correlation=float(reads["correlation"]),
                    simulations=int(reads["studies"]),
                    resamples=int(reads["resamples"]),
                    seed=int(reads["seed"]),
                )
                taken = [
                    Measurement(name, (getattr(shares, name),), convention)
                    for name, convention in CONVENTIONS.items()
                ]
                advance(1)
                yield Result(tuple(taken), {"studies": reads["studies"]})
