"""The catalogue of parts: every registry that a package has, in itself or in its module `base`.

A part's settings are read off its signature and its docstring.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import segablate
from segablate.errors import SegablateError, near_miss
from segablate.registry import Part, Registry


@functools.cache
def registries() -> dict[str, Registry]:
    """Every registry by its kind, sorted; a new one needs no entry here."""
    modules = pkgutil.walk_packages(segablate.__path__, "segablate.")
    names = [module.name for module in modules if module.ispkg or module.name.endswith(".base")]
    seen = [value for name in names for value in vars(importlib.import_module(name)).values()]
    by_kind = {item.kind.replace(" ", ""): item for item in seen if isinstance(item, Registry)}
    return dict(sorted(by_kind.items()))


def singular(kind: str) -> str:
    """A kind's name, of which the plural was given perhaps.

    Raises:
        SegablateError: there is no such kind.
    """
    known = registries()
    for name in (kind, kind.removesuffix("s"), kind.removesuffix("es")):
        if name in known:
            return name
    raise SegablateError(f"there is no kind `{kind}`", hint=near_miss(kind.removesuffix("s"), known))


def registry(kind: str) -> Registry:
    """The registry of a kind, named in the singular or the plural.

    Raises:
        SegablateError: there is no such kind.
    """
    return registries()[singular(kind)]


def parts(kind: str) -> list[Part]:
    """All parts of a kind, sorted by name."""
    of_kind = registry(kind)
    return [of_kind.part(name) for name in of_kind.names()]


def named(name: str) -> list[tuple[str, Part]]:
    """The parts of that name with their kinds.

    Raises:
        SegablateError: there is none.
    """
    every = [(kind, part) for kind in registries() for part in parts(kind)]
    matches = [(kind, part) for kind, part in every if part.name == name]
    if not matches:
        hint = near_miss(name, {part.name for _, part in every})
        raise SegablateError(f"there is nothing a study may name `{name}`", hint=hint)
    return matches


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
    explanations = meanings(part.explained)
    return [
        Setting(
            name=name,
            type=type_name(hints[name]),
            required=default is inspect.Parameter.empty,
            default=None if default is inspect.Parameter.empty else default,
            meaning=explanations.get(name, ""),
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
    by_name: dict[str, str] = {}
    name = ""
    for line in lines:
        start = re.match(r"(\w+):\s*(.*)", line)
        if start:
            name = start.group(1)
            by_name[name] = start.group(2)
        elif name and line.strip():
            by_name[name] = f"{by_name[name]} {line.strip()}".strip()
    return by_name
