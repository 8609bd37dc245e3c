"""How long `plan`, `run` and `report` take for a study of 1,000 cells that are done.

    python tests/benchmarks/bench_resume.py [CELLS [COMMAND…]]

The outcomes carry as many facts as those of a real ceiling do; the measure reads next to nothing, so
the time is the runner's own. `plan, half missing` is of a study with as many cells more. CPU seconds stand
beside, which say what it takes where other processes want the cores too; and the most memory so far.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run" / "fakes"))

import fake_measures  # noqa: F401  # importing it registers the measures
from rounds import seconds

from segablate.app.flow import Place, publish
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


def main(cells: int, wanted: Sequence[str] = ()) -> None:
    """Fill a store, then time what finds everything there.

    Args:
        cells: how many are done.
        wanted: `plan`, `run`, `report`; all of them if not given.
    """
    with tempfile.TemporaryDirectory() as folder:
        study, place = Path(folder) / "resume.yaml", Place(Path(folder) / "runs", Path(folder) / "reports")
        store = Store(place.store)
        _write(study, cells)
        _fill(study, store)
        commands: dict[str, Callable[[], object]] = {
            "plan": lambda: explain(plan(load(study)), store),
            "run": lambda: _run(study, store),
            "report": lambda: publish(plan(load(study)), place, ()),
        }
        for name in wanted or commands:
            _tell(f"{cells:,} done cells, {name}", commands[name])
        _write(study, 2 * cells)
        _tell(f"{2 * cells:,} cells, plan, half missing", commands["plan"])


def _tell(what: str, command: Callable[[], object]) -> None:
    begun = time.process_time()
    taken = [seconds(command) for _ in range(REPEATS)]
    busy = (time.process_time() - begun) / REPEATS
    middle, least, most = statistics.median(taken), min(taken), max(taken)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{what}: {middle:.3f} s, in {REPEATS} runs {least:.3f} to {most:.3f} s; CPU {busy:.3f} s; "
        f"{memory:.2f} GiB at most",
        flush=True,
    )


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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:])
