"""README.md's recipes work as they are written, on fewer and smaller things; what it links to exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.cli.commands import ORDER, invoke

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT = PAGE[PAGE.index("## Recipes") : PAGE.index("## What it found")]
RECIPES = dict(re.findall(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", TEXT, re.MULTILINE | re.DOTALL))
FOUND = [row for row in PAGE.splitlines() if row.startswith("| ") and "](reports/" in row]
STUDIES = ("quickstart", "dupsampling-table1-ceilings", "dupsampling-table3-cost")
# words that make a command of the page quick; the last of two is what counts
QUICK = {
    "oracle": "--stride 8,16 --channels 8",
    "run mine": "--executor inline",
    "run studies/dupsampling-table3": "--executor inline --set input.size=[65,65]",
    "latency": "--input 1x3x64x96 --repeat 1 --cap 0.05 --device cpu",
}
# what makes the page's study quick
FEWER = {
    "images: 32": "images: 4",
    "[160, 256]": "[64, 96]",
    "use: quick": "use: quick, iterations: 2, batch: 2, crop: [64, 96], warmup: 0",
    "latency]": "{use: latency, cap: 0.05}]",
    "repeat: 3": "repeat: 1",
}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the studies and reports that are named, label maps, and the model and the study."""
    monkeypatch.chdir(tmp_path)
    Path("studies").mkdir()
    for name in STUDIES:
        shutil.copy(ROOT / "studies" / f"{name}.yaml", f"studies/{name}.yaml")
        shutil.copytree(ROOT / "reports" / name, f"reports/{name}")
    Path("path/to/labels").mkdir(parents=True)
    for seed in range(3):
        cells = np.random.default_rng(seed).integers(0, 19, (6, 8), dtype=np.uint8)
        Image.fromarray(cells.repeat(16, axis=0).repeat(16, axis=1)).save(f"path/to/labels/{seed}.png")
    mine = RECIPES["Compare your model with a baseline"]
    for name, language in (("my_nets.py", "python"), ("mine.yaml", "yaml")):
        (block,) = blocks(mine, language)
        Path(name).write_text(block, encoding="utf-8")
    return tmp_path


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text: str) -> list[str]:
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    assert all(line.startswith("segablate ") for line in lines)
    return [line.removeprefix("segablate ") for line in lines]


def test_there_are_five_recipes_with_a_command_each() -> None:
    assert [head for head, text in RECIPES.items() if commands(text)] == [
        "Find the ceiling of your labels",
        "Compare your model with a baseline",
        "Reproduce a published table",
        "Measure latency",
        "Write a LaTeX table",
    ]


@pytest.mark.slow  # it trains two networks for a moment, and counts and times some
@pytest.mark.parametrize("head", [head for head, text in RECIPES.items() if commands(text)])
def test_a_recipe_works(head: str, workplace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for line in commands(RECIPES[head]):
        if "table1" in line and not os.environ.get("SEGABLATE_DATA"):
            continue
        command, *words = shlex.split(line)
        fewer = next((options for begins, options in QUICK.items() if line.startswith(begins)), "")
        code = invoke([command, *words, *shlex.split(fewer)])
        assert code in ((0, 4) if command == "doctor" else (0,)), capfd.readouterr().err
        if command == "plan":  # the whole of it was planned; less of it is run
            smaller(Path(words[0]))


def smaller(study: Path) -> None:
    """Put less into a study than the page has, but leave its text otherwise alone."""
    text = study.read_text(encoding="utf-8")
    for much, little in FEWER.items():
        assert much in text or study.name != "mine.yaml"
        text = text.replace(much, little)
    study.write_text(text, encoding="utf-8")


def test_it_opens_with_what_the_tool_is_for_and_keeps_benchmarks_elsewhere() -> None:
    opening = PAGE[: PAGE.index("![")].strip().splitlines()
    assert opening[0] == "# segablate"
    assert len([line for line in opening[1:] if line]) == 3
    assert "tests/benchmarks/" not in PAGE


def test_files_that_it_links_to_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_commands_and_studies_that_it_names_exist() -> None:
    assert set(re.findall(r"`segablate ([a-z]+)", PAGE)) <= set(ORDER)
    assert [
        name for name in re.findall(r"studies/[a-z0-9-]+\.yaml", PAGE) if not (ROOT / name).is_file()
    ] == []


@pytest.mark.parametrize(
    "row", [one for one in PAGE.splitlines() if one.startswith("| ") and "](reports/" in one]
)
def test_a_number_that_was_found_is_one_of_the_pages_beside_it(row: str) -> None:
    cells = row.strip("| ").split(" | ")
    pages = [
        (ROOT / path).read_text(encoding="utf-8") for path in re.findall(r"\]\((reports/[^)]*)\)", cells[-1])
    ]
    there = [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\.\d+", " ".join(pages))]
    for number in re.findall(r"\d+\.\d+", cells[1]):
        digits = len(number.partition(".")[2])
        assert any(round(one, digits) == float(number) for one in there), number


def test_its_picture_is_small_and_has_words_for_those_who_do_not_see_it() -> None:
    ((words, path),) = re.findall(r"!\[([^\]]*)\]\(([^)]+\.png)\)", PAGE)
    assert (ROOT / path).stat().st_size <= 200_000
    assert len(words) > 80
