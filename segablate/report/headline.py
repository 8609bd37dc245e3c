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
    encoders = {one.reads["recipe"].get("encoder") for found in trainings(records) for one in found.records}
    if encoders == {"frozen"}:
        yield "frozen encoder"
    if {one.device for one in speeds(records)} == {CPU}:
        yield "on a CPU"
