"""docs/extension.md is followed to the letter in a copy of the project: one file each is enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extension.md").read_text(encoding="utf-8")
FILES = re.findall(r"```python\n(\"\"\".*?)```\n\nThat is `([^`]+)`", PAGE, re.DOTALL)
# the line of a table, and the file and the name of that table, which the text before it tells
LINES = re.findall(r"`(MADE|_KNOWN)` of `([^`]+)`[^`]*:\n\n```python\n([^`]*)```", PAGE)
UNDER_CONTRACT = ("bicubic", "steps", "harbour", "borders")  # designs have no contract tests
KINDS = ("upsamplers", "encoders", "datasets", "measures")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the page's files and lines in it, a small data set, and the page's study."""
    root = tmp_path_factory.mktemp("extended")
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "segablate", root / "segablate", ignore=without)
    (root / "tests" / "contracts").mkdir(parents=True)
    for name in (
        "pyproject.toml",
        "tests/conftest.py",
        *(f"tests/contracts/test_{kind}.py" for kind in KINDS),
    ):
        shutil.copy(ROOT / name, root / name)
    for text, path in FILES:
        assert not (root / path).exists()
        (root / path).write_text(text, encoding="utf-8")
    for name, path, line in LINES:
        before = (root / path).read_text(encoding="utf-8")
        begun = re.search(rf"^{name}\b.*[{{\[]\n", before, re.MULTILINE)
        assert begun, f"{path} has no {name}"
        after = before[: begun.end()] + line + before[begun.end() :]
        (root / path).write_text(after, encoding="utf-8")
    for split in ("train", "val"):
        for seed in range(2):
            random = np.random.default_rng(seed)
            for folder, shape in ((split, (64, 96, 3)), (f"{split}annot", (64, 96))):
                (root / "harbour" / folder).mkdir(parents=True, exist_ok=True)
                values = random.integers(0, 4, shape, dtype=np.uint8)
                Image.fromarray(values).save(root / "harbour" / folder / f"{seed}.png")
    (study,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (root / "all-five.yaml").write_text(study, encoding="utf-8")
    return root


def python(copy: Path, *words: str) -> str:
    """What a Python that knows only the copy prints; it must end well."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-P", *words], capture_output=True, text=True, check=False, cwd=copy, env=environment
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_every_block_of_the_page_is_used() -> None:
    assert PAGE.count("```python") == len(FILES) + len(LINES)
    assert [Path(path).stem for _, path in FILES] == [*UNDER_CONTRACT, "ends"]


@pytest.mark.slow  # two processes that import torch
def test_the_study_of_all_five_runs(copy: Path) -> None:
    python(copy, "-m", "segablate", "run", "all-five.yaml", "--executor", "inline")
    page = (copy / "runs" / "reports" / "all-five" / "report.md").read_text(encoding="utf-8")
    assert "pixels at a border (%)" in page
    assert "\n| steps + bicubic |" in page


@pytest.mark.slow  # a process that imports torch, and some 70 contract tests
def test_the_contract_tests_take_up_each_of_them(copy: Path) -> None:
    only = " or ".join(UNDER_CONTRACT)
    said = python(copy, "-m", "pytest", "-p", "no:cacheprovider", "-vv", "-k", only, "tests/contracts")
    for name in UNDER_CONTRACT:
        assert re.search(rf"\[{name}\b.* PASSED", said), name
