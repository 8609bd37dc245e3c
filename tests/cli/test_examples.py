"""The example at the end of each help text works."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.cli.commands import ORDER

STUDIES = Path(__file__).parents[2] / "studies"


def example(said: str) -> list[str]:
    """The words of the one example in a help text."""
    program, *words = shlex.split(said.partition("Example:")[2])
    assert program == "segablate"
    return words


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped studies and a few label maps, to work in."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(STUDIES, "studies")
    for name in ("quickstart", "pp-liteseg-cost"):
        shutil.copytree(STUDIES.parent / "reports" / name, f"reports/{name}")
    Path("labels").mkdir()
    for seed in range(3):
        cells = np.random.default_rng(seed).integers(0, 21, (6, 8), dtype=np.uint8)
        Image.fromarray(cells.repeat(16, axis=0).repeat(16, axis=1)).save(f"labels/{seed}.png")
    return tmp_path


@pytest.mark.slow  # it searches codes, and trains two networks for a moment
def test_the_examples_of_run_plan_and_report_work_one_after_the_other(
    segablate: Callable, workplace: Path
) -> None:
    for command in ("plan", "run", "report"):
        changes = ("data.images=2", "data.size=[64,96]", "input.size=[64,96]", "recipe.crop=[64,64]")
        changes += (
            "recipe.iterations=2",
            "recipe.warmup=1",
            "measure.searched.limit=1",
            "measure.latency.cap=0.05",
        )
        fewer = [word for change in changes for word in ("--set", change)]
        said = segablate(*example(segablate(command, "--help").out), *fewer)
        assert said.code == 0, said.err
    assert example(segablate("--help").out) == example(segablate("run", "--help").out)


# `schema` is tested with its validator, and `export` where MLflow is installed
APART = {"run", "plan", "report", "schema", "export"}


@pytest.mark.parametrize("command", sorted(set(ORDER) - APART))
def test_the_example_works(command: str, segablate: Callable, workplace: Path) -> None:
    said = segablate(*example(segablate(command, "--help").out))
    assert said.code in ((0, 4) if command == "doctor" else (0,)), said.err
    assert said.out
