"""What the documentation says works: its commands run, its studies plan, its options and names exist."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.app import catalogue
from segablate.cli.commands import ORDER
from segablate.study.sections import KEYS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("reports.md", "studies.md")]
# the commands of these are run elsewhere, in `tests/docs`
NAMING = [*PAGES, *(ROOT / "docs" / name for name in ("ceiling.md", "extension.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow  # it writes a whole report and plans a study of 36 variants
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_runs(
    page: Path, segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studies").mkdir()
    for name in ("quickstart", "pp-liteseg-cost"):
        shutil.copy(ROOT / "studies" / f"{name}.yaml", f"studies/{name}.yaml")
        shutil.copytree(ROOT / "reports" / name, f"reports/{name}")
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    assert lines
    for line in lines:
        program, *words = shlex.split(line.partition(" > ")[0])
        assert program == "segablate"
        # a new study goes to the others where there are any
        words = [word.replace("my-decoders.yaml", "studies/my-decoders.yaml") for word in words]
        said = segablate(*words)
        assert said.code == 0, said.err


@pytest.mark.parametrize("block", blocks(ROOT / "docs" / "studies.md", "yaml"))
def test_every_study_of_the_documentation_plans(
    block: str, segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = re.search("^name: ([a-z0-9-]+)", block, re.MULTILINE)
    assert name
    Path(f"{name[1]}.yaml").write_text(block, encoding="utf-8")
    said = segablate("plan", f"{name[1]}.yaml")
    assert said.code == 0, said.err


@pytest.mark.parametrize("page", NAMING, ids=lambda page: page.stem)
def test_commands_and_options_that_are_named_exist(page: Path, segablate: Callable) -> None:
    text = page.read_text(encoding="utf-8")
    commands = set(re.findall(r"`segablate ([a-z]+)", text))
    assert commands <= set(ORDER)
    known = {
        option for command in ORDER for option in re.findall("--[a-z-]+", segablate(command, "--help").out)
    }
    assert set(re.findall("--[a-z-]+", text)) - known <= {"---", "--"}


def test_the_page_on_studies_names_every_key() -> None:
    told = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    rows = told[told.index("| key | meaning |") : told.index("A part is its name")]
    assert set(KEYS) - {"margin"} <= set(re.findall("`([a-z]+)`", rows))


def test_the_page_on_reports_names_every_format() -> None:
    told = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    for part in catalogue.parts("format"):
        assert f"| `{part.name}` | `{part.make.file}` |" in told
