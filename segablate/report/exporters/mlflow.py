"""MLflow: one run a cell: what it read as parameters, its samples as metrics, its arrays as artefacts.

Where to is MLflow's own affair: `MLFLOW_TRACKING_URI`, or its local default store.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from segablate.errors import SegablateError
from segablate.records import Outcome
from segablate.report.data import Record, artefact_path
from segablate.report.exporters.base import exporters
from segablate.report.facts import StudyFacts
from segablate.report.words import flat, plain

KEY = "segablate.key"
ENDED = ("FINISHED", "FAILED")
LONGEST = 500  # of a parameter; what older servers take
MOST_AT_ONCE = 100  # parameters in one request


@exporters.register("mlflow")
class Mlflow:
    """One run a cell in an experiment of the study's name."""

    def export(self, study: StudyFacts, records: Sequence[Record]) -> tuple[int, int, str]:
        """See `Exporter`."""
        client, entities, uri = _client()
        existing = client.get_experiment_by_name(study.name)
        experiment = existing.experiment_id if existing else client.create_experiment(study.name)
        cells: dict[str, list[Record]] = {}
        for record in records:
            if record.outcome:
                cells.setdefault(record.outcome.key, []).append(record)
        new = [own for key, own in cells.items() if not _is_there(client, experiment, key)]
        for own in new:
            _export(client, entities, experiment, own)
        return len(new), len(cells) - len(new), uri


def _client() -> tuple[Any, Any, str]:
    try:
        import mlflow
        from mlflow import entities
    except ModuleNotFoundError as error:
        raise SegablateError("MLflow is not installed", hint="`pip install -e '.[mlflow]'`") from error
    return mlflow.MlflowClient(), entities, mlflow.get_tracking_uri()


def _is_there(client: Any, experiment: str, key: str) -> bool:
    # a run that was cut short has no end, and is not there
    runs = client.search_runs([experiment], filter_string=f"tags.`{KEY}` = '{key}'")
    return any(run.info.status in ENDED for run in runs)


def _export(client: Any, entities: Any, experiment: str, own: Sequence[Record]) -> None:
    first = own[0]
    outcome = first.outcome
    assert outcome is not None
    tags = {
        KEY: outcome.key,
        "segablate.variant": " / ".join(dict.fromkeys(record.variant for record in own)),
        "segablate.measure": first.measure,
        "segablate.seed": str(first.seed),
        "segablate.baseline": str(any(record.baseline for record in own)).lower(),
        **({"segablate.reason": outcome.reason} if outcome.reason else {}),
        **{f"segablate.machine.{_name(name)}": plain(value) for name, value in flat(outcome.machine).items()},
    }
    run = client.create_run(experiment, tags=tags, run_name=f"{first.variant}, {first.measure}"[:LONGEST])
    called = run.info.run_id
    params = [entities.Param(_name(name), plain(value)[:LONGEST]) for name, value in _params(first).items()]
    for at in range(0, len(params), MOST_AT_ONCE):
        client.log_batch(called, params=params[at : at + MOST_AT_ONCE])
    metrics = _metrics(entities, outcome)
    for at in range(0, len(metrics), MOST_AT_ONCE):
        client.log_batch(called, metrics=metrics[at : at + MOST_AT_ONCE])
    for name in outcome.artefacts:
        path = artefact_path(first, name)
        if path.is_file():
            client.log_artifact(called, str(path))
    client.set_terminated(called, ENDED[0] if outcome.status == "done" else ENDED[1])


def _params(record: Record) -> dict[str, Any]:
    return {**flat(record.reads), **{f"choice.{axis}": label for axis, label in record.choices.items()}}


def _metrics(entities: Any, outcome: Outcome) -> list[Any]:
    """Every finite sample in its stored unit, the number of the sample as its step."""
    return [
        entities.Metric(_name(taken.metric), float(sample), 0, step)
        for taken in outcome.measurements
        for step, sample in enumerate(taken.samples)
        if math.isfinite(sample)
    ]


def _name(name: str) -> str:
    """A name as MLflow takes it: letters, digits, `_`, `-`, `.`, `/` and blanks."""
    return re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII)
