"""How long `plan`, `run` and `report` take for a study of 1,000 cells that are done.

    python tests/benchmarks/bench_resume.py [--cells 1000]

The outcomes carry as many facts as those of a real ceiling do; the measure reads next to nothing, so
the time is the runner's own. `plan` of twice as many finds half of them missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run" / "fakes"))

import fake_measures  # noqa: F401  # importing it registers the measures
from results import Row, publish
from rounds import seconds, spread

from segablate.app.publish import Place
from segablate.app.publish import publish as publish_report
from segablate.records import Measurement, Outcome
from segablate.run.execute import execute
from segablate.run.explain import explain
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

REPEATS = 3
FACTS = {
    "per_class_iou": {str(number): 0.9876543210123 - number / 1000 for number in range(21)},
    "class_names": [f"class number {number}" for number in range(21)],
    "palette": [[number, 2 * number, 3 * number] for number in range(21)],
    "seconds": {"decode": 1.234, "fit": 5.678, "score": 9.012},
}
METRICS = ("miou", "pixel_accuracy", "boundary_iou")


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cells", type=int, default=1000, help="how many are done")
    publish("Studies that are done", parser, lambda asked: measured(asked.cells))


def measured(cells: int) -> Iterator[Row]:
    """Fill a store, then time what finds everything there."""
    with tempfile.TemporaryDirectory() as folder:
        study, place = Path(folder) / "resume.yaml", Place(Path(folder) / "runs", Path(folder) / "reports")
        store = Store(place.store)
        _write(study, cells)
        _fill(study, store)
        commands: dict[str, Callable[[], object]] = {
            "plan": lambda: explain(plan(load(study)), store),
            "run": lambda: _run(study, store),
            "report": lambda: publish_report(plan(load(study)), place, ()),
        }
        for name, command in commands.items():
            goal = 1.0 if name == "run" else None
            yield _row(f"{cells:,} done cells, {name}", command, goal, seconds(lambda: _read(place.store)))
        _write(study, 2 * cells)
        yield _row(f"{2 * cells:,} cells, plan, half missing", commands["plan"], None, None)


def _row(what: str, command: Callable[[], object], goal: float | None, floor: float | None) -> Row:
    taken = [seconds(command) for _ in range(REPEATS)]
    return Row(what, *spread(taken), goal, unit="s", floor=floor, reason="each outcome is read and parsed")


def _read(store: Path) -> None:
    for path in store.rglob("outcome.json"):
        json.loads(path.read_bytes())


def _write(study: Path, cells: int) -> None:
    strides = ", ".join(str(number + 1) for number in range(cells // 10))
    words = ", ".join(f"word-{number}" for number in range(10))
    study.write_text(
        "name: resume\nquestion: How long does it take to find that nothing is to be done?\n"
        f"vary:\n  model.encoder: [{words}]\n  model.output_stride: [{strides}]\nmeasure: [fake]\n"
    )


def _fill(study: Path, store: Store) -> None:
    fsync = os.fsync
    os.fsync = lambda handle: None  # the disk is not what is timed
    try:
        for cell in plan(load(study)).cells:
            scores = tuple(Measurement(metric, (0.5,), "of nothing at all") for metric in METRICS)
            store.put(cell, Outcome(cell.key, "done", cell.reads, scores, FACTS))
    finally:
        os.fsync = fsync


def _run(study: Path, store: Store) -> None:
    summary = execute(plan(load(study)), store)
    if (summary.done, summary.open, summary.failed) != (0, 0, 0):
        raise RuntimeError(f"the study was not done: {summary}")


if __name__ == "__main__":
    main()
