"""What is wrong with a command line is said as all other errors are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from segablate.cli import commands
from segablate.cli.app import app
from segablate.errors import SegablateError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rn", "error: there is no command `rn`\n\nhint: did you mean `run`?\n"),
        ("run", "error: `STUDY` is missing\n\nhint: see `segablate run --help`\n"),
        ("run x --onyl all", "error: there is no option `--onyl`\n\nhint: did you mean `--only`?\n"),
        ("--frob", "error: there is no option `--frob`\n\nhint: see `segablate --help`\n"),
        ("run x y", "error: there is no place for `y`\n\nhint: see `segablate run --help`\n"),
        ("run x --jobs", "error: option `--jobs` requires an argument\n\nhint: see `segablate run --help`\n"),
        (
            "run x --only al",
            "error: `--only`: `al` is not one of `missing`, `failed`, `all`\n"
            "\nhint: see `segablate run --help`\n",
        ),
        (
            "run x --jobs 0",
            "error: `--jobs` is `0`\n\nhint: use 1 or more, or `auto` for as many as fit\n",
        ),
        (
            "run x --budget soon",
            "error: `--budget` is `soon`, which is no time\n\nhint: write `90min`, `3h` or `1h30m`\n",
        ),
        (
            "run x --slurm gpu",
            "error: `--slurm gpu` has no value\n\nhint: write it as `--slurm partition=gpu`\n",
        ),
        (
            "oracle . --classes 2 --stride 16,x --upsampler bilinear",
            "error: `--stride` takes whole numbers from 1 to 999,999,999, not `x`\n",
        ),
        (
            "oracle . --classes 2 --stride 0 --upsampler bilinear",
            "error: `--stride` takes whole numbers from 1 to 999,999,999, not `0`\n",
        ),
    ],
)
def test_a_wrong_command_line_is_told_with_what_to_try(line: str, message: str, segablate: Callable) -> None:
    said = segablate(*line.split())
    assert (said.code, said.out, said.err) == (2, "", message)


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `segablate run FILE` end with an exception."""

    def arrange(error: BaseException) -> None:
        def planned(study: Path, overrides: list[str], *_: object) -> None:
            raise error

        monkeypatch.setattr("segablate.app.publish.planned", planned)

    return arrange


def test_an_error_of_the_study_is_exit_code_2_and_goes_to_stderr(
    segablate: Callable, breaking: Callable
) -> None:
    breaking(SegablateError("there is no part `x`", where="a.yaml:3", hint="did you mean `y`?"))
    said = segablate("run", "a.yaml", "--json")
    assert said.code == 2
    assert said.out == ""
    assert said.err == "error: a.yaml:3: there is no part `x`\n\nhint: did you mean `y`?\n"


def test_an_error_of_ours_keeps_its_traceback(segablate: Callable, breaking: Callable) -> None:
    breaking(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        segablate("run", "a.yaml")


def test_an_error_of_ours_is_exit_code_1() -> None:
    code = (
        "import sys, segablate.cli.commands as commands\n"
        "commands.invoke = lambda arguments: 1 // 0\n"
        "from segablate.cli import main\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "ZeroDivisionError" in ran.stderr


def test_an_interrupted_run_says_how_to_go_on(segablate: Callable, breaking: Callable) -> None:
    breaking(KeyboardInterrupt())
    said = segablate("run", "a study.yaml", "--only", "all")
    assert said.code == 130
    assert said.err == (
        "interrupted: what was finished is kept\n\n"
        "hint: `segablate run 'a study.yaml' --only all` goes on from there\n"
    )


def test_any_other_interrupted_command_says_only_that(
    segablate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise typer.Abort

    monkeypatch.setattr(app, "__call__", interrupted, raising=False)
    monkeypatch.setattr(commands, "app", interrupted)
    said = segablate("list")
    assert (said.code, said.err) == (130, "interrupted\n")


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    command = f"{sys.executable} -m segablate run --help | true"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
