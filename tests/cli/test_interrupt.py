"""Ctrl-C in a real process, between two cells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import segablate

PROGRAM = """\
import time
from segablate.cli import main
from segablate.measures.base import Result, measures
from segablate.records import Measurement


@measures.register("toy")
class Toy:
    seeded = False

    def reads(self, config):
        return {"word": config["model"]["encoder"]}

    def together(self, reads):
        return None

    def measure(self, cells, seed, ctx):
        for reads in cells:
            if reads["word"] == "slow":
                time.sleep(SECONDS)
            yield Result((Measurement("miou", (0.5,), ""),))


main()
"""
STUDY = "name: toy\nquestion: Does it stop?\nvary: {model.encoder: [quick, slow]}\nmeasure: [toy]\n"


def start(folder: Path, seconds: int) -> subprocess.Popen[str]:
    """`segablate run toy.yaml`, whose second cell takes so long."""
    program = folder / "program.py"
    program.write_text(PROGRAM.replace("SECONDS", str(seconds)))
    command = [sys.executable, str(program), "run", "toy.yaml"]
    here = {**os.environ, "PYTHONPATH": str(Path(segablate.__file__).parents[1])}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=here, stdout=pipe, stderr=pipe, text=True)


def outcomes(folder: Path) -> list[Path]:
    return sorted(folder.glob("runs/toy/*/outcome.json"))


def test_an_interrupted_run_keeps_what_is_finished_and_the_next_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(STUDY)
    running = start(tmp_path, 60)
    deadline = time.monotonic() + 90
    while not outcomes(tmp_path) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=90)
    assert running.returncode == 130
    assert err.endswith(
        "interrupted: what was finished is kept\n\nhint: `segablate run toy.yaml` goes on from there\n"
    )
    assert len(outcomes(tmp_path)) == 1

    again = start(tmp_path, 0)
    _, err = again.communicate(timeout=90)
    assert again.returncode == 0
    assert "1 measured, 1 taken from the store" in err
