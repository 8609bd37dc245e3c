"""docs/data.md says what the code does."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
import yaml

from segablate.datasets.base import datasets

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
ROWS = {
    row.split("`")[1]: [cell.strip() for cell in row.split("|")[2:-1]]
    for row in PAGE.split("\n")
    if row.startswith("| `")
}


@pytest.mark.parametrize("name", datasets.names())
def test_every_data_set_has_its_row(name: str) -> None:
    folder, classes, _, fit, score, _ = ROWS[name]
    part = datasets.part(name)
    module = importlib.import_module(part.make.__module__)
    if name == "folder":
        assert (classes, part.make.default_fit, part.make.default_score) == ("yours", "all", "all")
        return
    most = re.match(r"\d+", classes)
    assert most
    assert int(most[0]) == len(module.CLASSES)
    if name == "shapes":
        assert (fit, score) == (f"`{part.make.default_fit}`", f"`{part.make.default_score}`")
    else:
        assert folder == f"`{module.LAYOUT.folders[0]}`"


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_every_study_on_it_is_one_that_is_understood(block: str) -> None:
    part, settings = datasets.resolve(yaml.safe_load(block)["fixed"]["data"])
    assert part.name in ("camvid", "folder")
    assert len(settings) > 1


@pytest.mark.data
def test_every_command_on_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from segablate.cli.commands import invoke

    monkeypatch.chdir(tmp_path)
    commands = [
        shlex.split(line)
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]
    assert commands
    for program, *arguments in commands:
        assert program == "segablate"
        assert invoke(arguments) == 0
    assert (tmp_path / "out.png").is_file()
