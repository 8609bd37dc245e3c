"""The command line: parse, call one function, print. The only place that catches `SegablateError`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that `sys.argv` names and exit with its code."""
    from segablate.cli.app import run

    sys.exit(run(sys.argv[1:]))
