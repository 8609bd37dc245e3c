"""What an executor adds to a cell, and what a study of many cells that are done takes.

    python tests/benchmarks/bench_executors.py [--cells 12] [--executors inline,processes,slurm,ray]

Every cell is a group of its own that takes no time, so what is left is the executor's: a process, a task.
`slurm` is submitit's local executor; `ray` starts a cluster on this machine, which is part of the first cell
and not counted: the same study is run with few cells and with many, and the difference is told.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run" / "fakes"))

import fake_measures  # noqa: F401  # importing it registers the measures
from bench_resume import _fill, _write
from bench_resume import _run as _resume
from results import Row, publish
from rounds import seconds, spread

from segablate.app.publish import Place
from segablate.app.publish import publish as publish_report
from segablate.run.execute import execute
from segablate.run.executors import remote
from segablate.run.explain import explain
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

ROUNDS = 3
FEW = 4
GROWTH = (100, 10_000)
MOST = 20_000
SETTINGS = {"slurm": {"cluster": "local"}}
STUDY = """\
name: executors
question: What does an executor add to a cell?
vary: {{model.encoder: [{words}]}}
measure: [{{use: fake, alone: true}}]
"""


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cells", type=int, default=12, help="of the larger study")
    parser.add_argument("--executors", default="inline,processes,slurm,ray")
    publish("Executors", parser, lambda asked: measured(asked.cells, asked.executors.split(",")))


def measured(cells: int, executors: list[str]) -> Iterator[Row]:
    """The time of a cell with each executor, and exponents of growth."""
    remote.CARRIED = (*remote.CARRIED, "FAKE_")
    for name in executors:
        taken = [(_run(name, cells) - _run(name, FEW)) / (cells - FEW) for _ in range(ROUNDS)]
        yield Row(f"a cell with `{name}`", *spread([1000 * one for one in taken]), unit="ms")
    yield from done_already()


def done_already() -> Iterator[Row]:
    """A run that finds all its cells done, and how `plan` and `report` grow: time ∝ cells^exponent."""
    with tempfile.TemporaryDirectory() as folder:
        study, place = Path(folder) / "resume.yaml", Place(Path(folder) / "runs", Path(folder) / "reports")
        store = Store(place.store)
        _write(study, MOST)
        _fill(study, store)
        yield Row(
            f"a run of {MOST:,} done cells", *spread([seconds(lambda: _resume(study, store))]), unit="s"
        )
        taken: dict[str, list[float]] = {"plan": [], "report": []}
        for cells in GROWTH:
            _write(study, cells)  # its cells are among those in the store
            taken["plan"].append(_least(lambda: explain(plan(load(study)), store)))
            taken["report"].append(_least(lambda: publish_report(plan(load(study)), place, ())))
    few, many = GROWTH
    for name, (small, large) in taken.items():
        exponent = math.log(large / small) / math.log(many / few)
        yield Row(f"`{name}`, exponent from {few:,} to {many:,} cells", *spread([exponent]), unit="")


def _least(command: object) -> float:
    return min(seconds(command) for _ in range(2))  # type: ignore[arg-type]


def _run(executor: str, cells: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FAKE_LOG"] = f"{folder}/log"
        path = Path(folder) / "executors.yaml"
        path.write_text(STUDY.format(words=", ".join(f"w-{number}" for number in range(cells))))
        made, store = plan(load(path)), Store(Path(folder) / "runs")
        return seconds(lambda: execute(made, store, executor=executor, settings=SETTINGS.get(executor)))


if __name__ == "__main__":
    main()
