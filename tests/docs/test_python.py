"""What docs/python.md shows works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with label maps and the page's study."""
    monkeypatch.chdir(tmp_path)
    Path("labels").mkdir()
    for seed in range(3):
        cells = np.random.default_rng(seed).integers(0, 11, (6, 8), dtype=np.uint8)
        Image.fromarray(cells.repeat(16, axis=0).repeat(16, axis=1)).save(f"labels/{seed}.png")
    (study,) = blocks("yaml")
    Path("small.yaml").write_text(study, encoding="utf-8")
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow  # it times two networks for a moment
def test_its_code_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/python.md", "exec"), told)
    said = capsys.readouterr().out
    assert "bilinear loses" in said
    assert "pp-liteseg-t needs" in said
    assert "2 cells: 2 missing" in said
    assert re.search(r"8 beats 16\s+confirmed", said)
    assert Path("runs/reports/small/report.html").is_file()


def test_importing_the_package_imports_neither_torch_nor_pandas() -> None:
    code = "import segablate, sys; dir(segablate); segablate.flops; segablate.run; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "pandas", "numpy", "typer"}.isdisjoint(ran.stdout.split())
