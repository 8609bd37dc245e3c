"""A part's settings, read off its signature and its docstring."""

from __future__ import annotations

import inspect
import re
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from segablate.registry import Part


@dataclass(frozen=True)
class Setting:
    """One setting of a part.

    Attributes:
        name: how a study writes it.
        type: what it may be.
        required: whether it must be given.
        default: what it is otherwise; None where it must be given.
        meaning: what it does, from the docstring.
    """

    name: str
    type: str
    required: bool
    default: Any
    meaning: str


def settings(part: Part) -> list[Setting]:
    """A part's settings in the order of its signature."""
    hints = part.annotations
    told = meanings(part.explained)
    return [
        Setting(
            name=name,
            type=type_name(hints[name]),
            required=default is inspect.Parameter.empty,
            default=None if default is inspect.Parameter.empty else default,
            meaning=told.get(name, ""),
        )
        for name, default in part.defaults.items()
    ]


def type_name(annotation: Any) -> str:
    """An annotation as a person writes it: `int`, `spatial | channel`, `list[int]`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Annotated:
        return type_name(inner[0])
    if origin is Literal:
        return " | ".join(str(value) for value in inner)
    if origin in (Union, types.UnionType):
        return " | ".join(type_name(choice) for choice in inner)
    if inner:
        named = ", ".join("…" if choice is Ellipsis else type_name(choice) for choice in inner)
        return f"{getattr(origin, '__name__', origin)}[{named}]"
    return getattr(annotation, "__name__", str(annotation))


def meanings(docstring: str) -> dict[str, str]:
    """What the docstring's `Args:` section says of each argument, in one line each."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", docstring, re.MULTILINE)
    if section is None:
        return {}
    lines = inspect.cleandoc(section.group(1)).splitlines()
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        start = re.match(r"(\w+):\s*(.*)", line)
        if start:
            name = start.group(1)
            found[name] = start.group(2)
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
