"""What goes to stdout: one JSON document, or a table a person reads. Talk goes to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from segablate.records import SCHEMA


def say(text: str) -> None:
    """A line of talk, on stderr."""
    print(text, file=sys.stderr)


def document(content: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout, with the schema; a number that is not finite becomes null."""
    text = json.dumps(_plain({"schema": SCHEMA, **content}), indent=2, ensure_ascii=False, allow_nan=False)
    print(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print rows under their heads, columns aligned; `right` are the columns flush right."""
    widths = [max(len(line[i]) for line in [heads, *rows]) for i in range(len(heads))]
    for line in [heads, *rows]:
        cells = [
            text.rjust(width) if i in right else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
