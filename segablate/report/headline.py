"""The title of a page: the study's name, and what nobody may overlook when its numbers are quoted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segablate.report.data import Record
from segablate.report.speeds import CPU, speeds
from segablate.report.trainings import trainings


def headline(name: str, records: Sequence[Record]) -> str:
    """The name, with what limits all scores or all times of the report."""
    told = list(_limits(records))
    return f"{name} ({', '.join(told)})" if told else name


def _limits(records: Sequence[Record]) -> Iterator[str]:
    recipes = [one.reads["recipe"] for found in trainings(records) for one in found.records]
    at_rest = {one.get("frozen") or one.get("encoder") == "frozen" for one in recipes}
    if at_rest == {True}:
        yield "frozen encoder"
    elif len(at_rest) == 1 and (feature := at_rest.pop()):
        yield f"encoder frozen up to {feature}"
    if {one.device for one in speeds(records)} == {CPU}:
        yield "on a CPU"
