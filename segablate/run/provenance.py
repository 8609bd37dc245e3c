"""Which code made a number: the package's version, and the commit where it runs from a checkout."""

from __future__ import annotations

import functools
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SECONDS = 10  # a file system that hangs must not hold up a number


@dataclass(frozen=True)
class Provenance:
    """The code.

    Attributes:
        version: of the installed package; "" where it is not installed.
        commit: of the checkout that the package lies in; None where it lies in none.
        dirty: whether the package differs from that commit, files that git does not know included.
    """

    version: str
    commit: str | None
    dirty: bool | None


@functools.cache
def provenance() -> Provenance:
    """The code that this process runs, as it was when this was first asked."""
    try:
        installed = version("segablate")
    except PackageNotFoundError:
        installed = ""
    return Provenance(installed, *checkout(PACKAGE))


def checkout(package: Path) -> tuple[str | None, bool | None]:
    """Commit and dirty flag of the checkout that tracks a package.

    A package that is installed below somebody's repository, in its virtual environment, is not tracked by
    it: that commit says nothing of the package.
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None, None
    commit, changes = _git(package, "rev-parse", "HEAD"), _git(package, "status", "--porcelain", "--", ".")
    if commit is None or changes is None:
        return None, None
    return commit, changes != ""


def _git(folder: Path, *words: str) -> str | None:
    """What git says, without waiting for its locks; None where it is not there or fails."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *words]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None
