"""Two runs that begin at the same moment, again and again: every cell is measured once.

    TWO_RUNS=300 python -m pytest tests/faults/test_two_runs.py

One pair in an ordinary run of the tests; `TWO_RUNS` says how many.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.run.plan import Plan

PAIRS = int(os.environ.get("TWO_RUNS", "1"))
MOST_SECONDS = 60 + 20 * PAIRS
WORDS = [f"w-{number}" for number in range(4)]
# both processes stay for all pairs, so that two runs begin within a millisecond
RUNS = """
import os
import sys
import time
from pathlib import Path

import fake_measures
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

if __name__ == "__main__":
    folder, me, pairs, executor, jobs = Path(sys.argv[1]), sys.argv[2], *sys.argv[3:]
    made = plan(load(folder / "s.yaml"))
    for pair in map(str, range(int(pairs))):
        os.environ["FAKE_LOG"] = str(folder / f"log-{pair}")
        store = Store(folder / f"runs-{pair}", lambda message: None)
        (folder / f"ready-{pair}-{me}").touch()
        while len(list(folder.glob(f"ready-{pair}-*"))) < 2:
            time.sleep(0.0001)
        got = execute(made, store, executor=executor, jobs=int(jobs))
        print(got.done, got.reused, got.failed, flush=True)
"""


@pytest.mark.timeout(MOST_SECONDS)
@pytest.mark.parametrize(("executor", "jobs"), [("inline", 1), ("processes", 2)])
def test_of_two_runs_that_begin_together_each_cell_is_measured_by_one(
    planned: Callable[..., Plan], tmp_path: Path, executor: str, jobs: int
) -> None:
    planned(*WORDS, settings="alone: true")
    (tmp_path / "runs.py").write_text(RUNS)
    roots = [str(Path(__file__).parents[1] / "run" / "fakes"), str(Path(__file__).parents[2])]
    path = os.pathsep.join([*roots, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, str(tmp_path / "runs.py"), str(tmp_path)]
    both = [
        subprocess.Popen(
            [*command, me, str(PAIRS), executor, str(jobs)],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in ("one", "other")
    ]
    try:
        counts = [run.communicate(timeout=MOST_SECONDS)[0].splitlines() for run in both]
    finally:
        for run in both:
            run.kill()
    measured = [sorted((tmp_path / f"log-{pair}").read_text().split()) for pair in range(PAIRS)]
    assert measured == [WORDS] * PAIRS
    for one, other in zip(*counts, strict=True):
        (done, reused, failed), (others, found, lost) = (map(int, line.split()) for line in (one, other))
        assert (done + others, done + reused, others + found, failed, lost) == (4, 4, 4, 0, 0)
