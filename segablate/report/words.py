"""Small turns of phrase that several sections share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segablate.quantity import quantity

# what a terminal obeys and a page hides: controls but tabs and line breaks, turns of direction, surrogates
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# file systems take 255 bytes, and others add to it
LONGEST_STEM = 80


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def counted(number: int, thing: str, plural: str = "") -> str:
    """`1 cell`, `1,449 images`."""
    return f"{number:,} {thing if number == 1 else plural or thing + 's'}"


def percent(value: float, metric: str = "miou") -> str:
    """A score with its unit: `98.40 %`."""
    return quantity(metric).shown(value, unit=True)


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign, and a true minus: `−0.25`."""
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        return "±" + text[1:]
    return text.replace("-", "−")


def plain(value: Any) -> str:
    """A JSON value as a person writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted fields."""
    fields: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            fields.update(flat(value, f"{prefix}{name}."))
        else:
            fields[f"{prefix}{name}"] = value
    return fields


def visible(text: str) -> str:
    """The text with what cannot be seen written out: `\\x1b`, `\\u202e`."""
    return UNSEEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def stem(label: str, taken: Sequence[str] = ()) -> str:
    """A label as part of a file's name, told apart by a number from those that are taken."""
    bare = re.sub(r"[^a-z0-9]+", "-", label.lower())[:LONGEST_STEM].strip("-") or "x"
    names = [bare, *(f"{bare}-{n}" for n in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)


def images(counts: Iterable[int]) -> str:
    """`1,449 images`, or the range where the counts differ."""
    known = sorted(set(counts))
    if len(known) == 1:
        return counted(known[0], "image")
    return f"{known[0]:,} to {known[-1]:,} images"
