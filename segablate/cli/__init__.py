"""The command line: parse, call one function, print. The only place that catches `SegablateError`."""

from __future__ import annotations

import io
import os
import sys


def main() -> None:
    """Run the command that `sys.argv` names and exit with its code."""
    from segablate.cli.commands import invoke

    for stream in (sys.stdout, sys.stderr):
        # a file's name may hold bytes that are no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = invoke(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader had enough, as in `segablate list | head`; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
