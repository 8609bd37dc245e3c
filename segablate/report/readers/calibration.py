"""Simulations on a page: how often verdicts are false."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from segablate.report.blocks import Bullets, Section
from segablate.report.calibrated import TOLERATED, cases, figures, sentences
from segablate.report.data import Record
from segablate.report.figures import Picture
from segablate.report.readers.base import Reader, readers


@readers.register("calibration")
class Calibration(Reader):
    """Shares of false verdicts among simulated studies."""

    headline: ClassVar = {"false_verdicts": "false verdicts (%)", "coverage": "coverage (%)"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """In how many cases the promise is kept."""
        return next(iter(sentences(cases(records))), "")

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Shares over n."""
        return tuple(figures(cases(records)))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Spread by spread."""
        told = sentences(cases(records))[1:]
        return (Section("Spread by spread", (Bullets(tuple(told)),)),) if told else ()


@readers.register("claim-calibration")
class ClaimCalibration(Reader):
    """Shares of simulated studies with a false verdict on a claim."""

    headline: ClassVar = {
        "false_confirmations": "false confirmations (%)",
        "false_refutations": "false refutations (%)",
    }

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """In how many cases the promise is kept."""
        own = [one.outcome for one in records if one.measure == measure and one.done and one.outcome]
        kept = [sum(one.value(metric) <= TOLERATED for one in own) for metric in self.headline]
        return (
            f"At most {100 * TOLERATED:g} % of simulated studies hold a false confirmation in {kept[0]} of "
            f"{len(own)} cases, and a false refutation in {kept[1]}."
        )
