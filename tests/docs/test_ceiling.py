"""docs/ceiling.md: its commands run, its study runs, and what it says of the numbers is so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from segablate.cli.commands import invoke
from segablate.measures.oracle import Encode

PAGE = (Path(__file__).parents[2] / "docs" / "ceiling.md").read_text(encoding="utf-8")
STUDY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Label maps of cells that no grid of 16 pixels fits, and lists of them, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("labels").mkdir()
    for seed in range(4):
        cells = np.random.default_rng(seed).integers(0, 11, (6, 8), dtype=np.uint8)
        Image.fromarray(cells.repeat(11, axis=0).repeat(13, axis=1)).save(f"labels/{seed}.png")
    Path("fit.txt").write_text("0\n1\n")
    Path("score.txt").write_text("2\n3\n")
    return tmp_path


def test_every_way_to_encode_has_its_row() -> None:
    assert re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE) == ["encode", *get_args(Encode)]


@pytest.mark.slow  # it fits components of patches, and searches codes
def test_every_command_works(workplace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
    ]
    assert len(commands) >= 3
    for line in commands:
        program, *words = shlex.split(line)
        assert program == "segablate"
        assert invoke(words) == 0, capfd.readouterr().err


def test_a_searched_code_is_no_worse_than_the_projection(
    workplace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for encode in ("project", "optimise"):
        words = f"oracle labels --classes 11 --stride 16 --upsampler bilinear --encode {encode} --json"
        assert invoke(shlex.split(words)) == 0
        found[encode] = json.loads(capfd.readouterr().out)["rows"][0]["miou"]
    assert found["project"] < found["optimise"] <= 1


@pytest.mark.slow  # it trains three encoders for a moment
def test_its_study_runs(workplace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("my-ceilings.yaml").write_text(STUDY, encoding="utf-8")
    words = ["run", "my-ceilings.yaml", "--executor", "inline", "--set", "measure.trained.iterations=2"]
    assert invoke(words) == 0, capfd.readouterr().err
    (page,) = [path.read_text(encoding="utf-8") for path in Path("runs/reports").rglob("report.md")]
    # it is skipped where nothing is trained, which a sentence says, and trained beside the others
    assert "1 variant skipped under projected: " in page
    assert "\n| transposed | " in page
