"""The names behind keys, which never change: what is renamed in Python keeps its first name there.

    a study, Python ──told──► use, version, settings ──canonical JSON──► key of a cell or of what is cached
                    ◄──read──      also the record

An outcome records what it read by these names too, so that its key can be made again from it.

| what changes | what to write | what happens |
|---|---|---|
| a part or setting is renamed | a line in `PARTS` or `SETTINGS` | keys stay; the old name loads with a note |
| a setting is added | `Annotated[type, Neutral(value)]` in the signature | at that value it is in no key |
| a part's numbers change | `version=` where it is registered | its cells get other keys |

Names that a measure writes into `reads` by itself are on the wire as they stand: they are not renamed.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segablate import child
from segablate.errors import SegablateError

# kind of part → its name today → its name on the wire
PARTS: dict[str, dict[str, str]] = {}
# kind of part, or kind and part on the wire ("upsampler bilinear") → a setting's name today → on the wire
SETTINGS: dict[str, dict[str, str]] = {"recipe": {"std": "deviation"}}


@dataclass(frozen=True)
class Neutral:
    """Of a setting that was added later: the value at which all numbers are what they were without it.

    A setting at its neutral value is in no key and in no record. It need not be the default.
    """

    value: Any


def first_name(kind: str, name: str) -> str:
    """What a part is called on the wire."""
    return PARTS.get(kind, {}).get(name, name)


def name_today(kind: str, name: str) -> str:
    """What the part is called that is, or was, called so."""
    return _back(PARTS.get(kind, {})).get(name, name)


def to_wire(kind: str, part: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their names on the wire."""
    names = _settings(kind, part)
    return {names.get(name, name): value for name, value in settings.items()}


def from_wire(kind: str, part: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by today's names."""
    names = _back(_settings(kind, part))
    return {names.get(name, name): value for name, value in settings.items()}


def renamed(kind: str, part: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """What a study wrote, by today's names; of a former one there is a note.

    Raises:
        SegablateError: a setting is given by both its names.
    """
    for now, before in _settings(kind, part).items():
        if before in written:
            if now in written:
                raise SegablateError(
                    f"`{before}` is the former name of `{now}`, and both are given",
                    hint=f"keep `{now}`",
                    field=before,
                )
            note(f"`{before}` of {kind} `{part}` is called `{now}` now")
    return from_wire(kind, part, written)


@functools.cache  # a study asks for each of its variants
def note(message: str) -> None:
    """Tell on stderr, once; worker processes read the same study, and need not repeat it."""
    if not child.serves():
        print(f"note: {message}", file=sys.stderr)


def _settings(kind: str, part: str) -> dict[str, str]:
    return SETTINGS.get(kind, {}) | SETTINGS.get(f"{kind} {first_name(kind, part)}", {})


def _back(names: Mapping[str, str]) -> dict[str, str]:
    return {wire: today for today, wire in names.items()}
