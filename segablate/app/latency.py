"""Networks timed side by side, without a study and without a store."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from segablate.disk.machine_lock import LONGEST_WAIT, WaitedError, exclusive
from segablate.errors import SegablateError, context
from segablate.evidence.ratio import Ratio, interval_of_times, ratio
from segablate.measures.base import ALLOW_EXTERNAL, DEVICE, Progress, Result, measures
from segablate.measures.inputs import Input
from segablate.measures.latency import Latency
from segablate.measures.timing.fresh import TimingJob, run_job

METRICS = ("p50_ms", "p95_ms", "p99_ms", "iqr_ms", "fps", "peak_device_bytes")


@dataclass(frozen=True)
class Row:
    """One network.

    Attributes:
        model: as it was named.
        processes: milliseconds of every pass, process by process.
        metrics: metric → the mean over processes.
        interval: of the typical process's median, in milliseconds; None with one process.
        against: this network over the first; None for the first.
        facts: what was told beside, process by process.
    """

    model: str
    processes: tuple[tuple[float, ...], ...]
    metrics: Mapping[str, float]
    interval: tuple[float, float] | None
    against: Ratio | None
    facts: tuple[Mapping[str, Any], ...]

    @property
    def flags(self) -> list[dict[str, str]]:
        """Each flag once, as it was first seen."""
        first: dict[str, dict[str, str]] = {}
        for facts in self.facts:
            for flag in facts["flags"]:
                first.setdefault(flag["name"], dict(flag))
        return list(first.values())


def side_by_side(
    models: Sequence[tuple[str, Mapping[str, Any]]],
    image: Input,
    device: str,
    settings: Mapping[str, Any],
    repeat: int,
    progress: Progress,
    *,
    allow_external: bool = False,
    wait: float = LONGEST_WAIT,
) -> tuple[dict[str, Any], list[Row]]:
    """Time networks in turn, in so many fresh processes, with nothing else of ours on the machine.

    Args:
        models: what each is called, and what a study would say under `model`.
        given: the input, the same for all.
        device: `cpu` or `cuda`.
        settings: of the measure `latency`.
        repeat: how many processes.
        progress: opens a bar.
        allow_external: whether code from outside may be run.
        wait: seconds at most that other work of ours on the machine is waited for.

    Returns:
        What all share of what they depend on, and a row for each network, in order.

    Raises:
        SegablateError: one of them cannot be timed, or other work did not end in time.
    """
    latency: Latency = measures.part("latency").build({}, settings)
    size = {"size": list(image.size), "batch": image.batch, "classes": image.classes}
    shared_config = {"input": size, DEVICE: device, ALLOW_EXTERNAL: allow_external}
    cells = [_inputs(latency, name, model, shared_config) for name, model in models]
    total = repeat * max(1, math.ceil(latency.rules.cap * len(cells)))
    runs: list[list[Result]] = []
    with _alone(wait), progress("seconds of timing", total) as advance:
        for seed in range(repeat):
            job = TimingJob(tuple(cells), latency.rules, seed, allow_external)
            runs.append([_done(result) for result in latency.results(run_job(job))])
            advance(total // repeat)
    results = [[run[at] for run in runs] for at in range(len(models))]
    rows = [_row(name, own, results[0]) for (name, _), own in zip(models, results, strict=True)]
    return {name: value for name, value in cells[0].items() if name != "model"}, rows


@contextmanager
def _alone(wait: float) -> Iterator[None]:
    try:
        with exclusive("segablate latency", wait):
            yield
    except WaitedError as error:
        raise SegablateError(
            f"{error.owner} was at work on this machine for longer than {wait:g} s, and times beside it "
            "would be too long",
            hint="end it, or wait longer with `--wait`",
        ) from None


def _inputs(
    latency: Latency, name: str, model: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    with context(where=name if ":" in name else None):
        try:
            return latency.reads({"model": model, **config})
        except SegablateError as error:
            # options and `--set` name their places themselves
            error.field = error.field.removeprefix("model.") if error.field else None
            raise


def _done(result: Result | SegablateError) -> Result:
    if isinstance(result, SegablateError):
        raise result
    return result


def _row(name: str, own: Sequence[Result], first: Sequence[Result]) -> Row:
    samples = _samples(own)
    medians = [statistics.median(process) for process in samples]
    values: dict[str, list[float]] = {}
    for result in own:
        for taken in result.measurements:
            values.setdefault(taken.metric, []).append(taken.value)
    return Row(
        model=name,
        processes=samples,
        metrics={metric: statistics.fmean(values[metric]) for metric in METRICS if metric in values},
        interval=interval_of_times(medians) if len(medians) > 1 else None,
        against=None if own is first else ratio(samples, _samples(first)),
        facts=tuple(result.facts for result in own),
    )


def _samples(own: Sequence[Result]) -> tuple[tuple[float, ...], ...]:
    return tuple(
        next(taken.samples for taken in result.measurements if taken.metric == "p50_ms") for result in own
    )
