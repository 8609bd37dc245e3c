"""Help screens: pinned as golden files, and light to import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import segablate as package
from segablate.cli.commands import ORDER

HEAVY = {"matplotlib", "numpy", "pandas", "PIL", "rich", "scipy", "sklearn", "torch", "yaml"}
LIGHTEST = (["--help"], ["--version"])  # Typer takes pydantic to read the options of a command


@pytest.mark.parametrize("command", ["", *ORDER])
def test_each_help_screen_is_the_golden_one(
    command: str, segablate: Callable, golden: Callable[[str, str], None]
) -> None:
    said = segablate(*filter(None, [command, "--help"]))
    assert (said.code, said.err) == (0, "")
    golden(f"help_{command or 'segablate'}.txt", said.out)


def test_no_argument_at_all_shows_the_help(segablate: Callable) -> None:
    assert segablate().out == segablate("--help").out


def test_the_version_is_the_packages(segablate: Callable) -> None:
    said = segablate("--version")
    assert (said.code, said.out) == (0, f"segablate {package.__version__}\n")


def test_no_line_of_the_list_of_commands_is_cut_short(segablate: Callable) -> None:
    assert "..." not in segablate("--help").out.partition("Commands:")[2]


@pytest.mark.parametrize(
    "arguments", [*LIGHTEST, ["run", "--help"], ["oracle", "--help"], ["list", "--help"], ["rn"]]
)
def test_talk_about_the_command_line_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from segablate.cli.commands import invoke\n"
        f"invoke({arguments!r})\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(ran.stderr.split())
    assert not imported & (HEAVY | {"pydantic"} if arguments in LIGHTEST else HEAVY)


def test_the_module_runs_as_the_command_does() -> None:
    command = [sys.executable, "-m", "segablate", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("segablate ")
