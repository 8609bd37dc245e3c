"""Which registries there are: whatever package has one, in itself or in its module `base`."""

from __future__ import annotations

import functools
import importlib
import pkgutil

import segablate
from segablate.errors import SegablateError, near_miss
from segablate.registry import Part, Registry


@functools.cache
def registries() -> dict[str, Registry]:
    """Every registry by its kind, sorted; a new one needs no entry here."""
    modules = pkgutil.walk_packages(segablate.__path__, "segablate.")
    names = [module.name for module in modules if module.ispkg or module.name.endswith(".base")]
    seen = [value for name in names for value in vars(importlib.import_module(name)).values()]
    found = {one.kind.replace(" ", ""): one for one in seen if isinstance(one, Registry)}
    return dict(sorted(found.items()))


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
    found = registry(kind)
    return [found.part(name) for name in found.names()]


def named(name: str) -> list[tuple[str, Part]]:
    """The parts of that name with their kinds.

    Raises:
        SegablateError: there is none.
    """
    every = [(kind, part) for kind in registries() for part in parts(kind)]
    found = [(kind, part) for kind, part in every if part.name == name]
    if not found:
        hint = near_miss(name, {part.name for _, part in every})
        raise SegablateError(f"there is nothing a study may name `{name}`", hint=hint)
    return found
