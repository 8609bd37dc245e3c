"""How long `run` takes to find that a study of 1,000 cells is done: load, plan, look, no report.

    python tests/benchmarks/bench_resume.py [CELLS]

The outcomes carry as many facts as those of a real ceiling do; the measure reads next to nothing, so
the time is the runner's own.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run" / "fakes"))

import fake_measures  # noqa: F401  # importing it registers the measures

from segablate.records import Measurement, Outcome
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

REPEATS = 5
FACTS = {
    "per_class_iou": {str(number): 0.9876543210123 - number / 1000 for number in range(21)},
    "class_names": [f"class number {number}" for number in range(21)],
    "palette": [[number, 2 * number, 3 * number] for number in range(21)],
    "seconds": {"decode": 1.234, "fit": 5.678, "score": 9.012},
}
METRICS = ("miou", "pixel_accuracy", "boundary_iou")


def main(cells: int) -> None:
    """Fill a store, then time the run that finds everything there."""
    with tempfile.TemporaryDirectory() as folder:
        study, store = Path(folder) / "resume.yaml", Store(Path(folder) / "runs")
        strides = ", ".join(str(number + 1) for number in range(cells // 10))
        words = ", ".join(f"word-{number}" for number in range(10))
        study.write_text(
            "name: resume\nquestion: How long does it take to find that nothing is to be done?\n"
            f"vary:\n  model.encoder: [{words}]\n  model.output_stride: [{strides}]\nmeasure: [fake]\n"
        )
        _fill(study, store)
        taken = [_seconds(study, store) for _ in range(REPEATS)]
        middle, least, most = statistics.median(taken), min(taken), max(taken)
        print(f"{cells:,} done cells: {middle:.3f} s, in {REPEATS} runs {least:.3f} to {most:.3f} s")


def _fill(study: Path, store: Store) -> None:
    fsync = os.fsync
    os.fsync = lambda handle: None  # the disk is not what is timed
    try:
        for cell in plan(load(study)).cells:
            scores = tuple(Measurement(metric, (0.5,), "of nothing at all") for metric in METRICS)
            store.put(cell, Outcome(cell.key, "done", cell.reads, scores, FACTS))
    finally:
        os.fsync = fsync


def _seconds(study: Path, store: Store) -> float:
    before = time.perf_counter()
    summary = execute(plan(load(study)), store)
    taken = time.perf_counter() - before
    if (summary.done, summary.open, summary.failed) != (0, 0, 0):
        raise RuntimeError(f"the study was not done: {summary}")
    return taken


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
