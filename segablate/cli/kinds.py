"""The one place that knows which registries there are."""

from __future__ import annotations

import importlib

from segablate.errors import SegablateError, near_miss
from segablate.registry import Part, Registry

# kind → module, attribute: imported when asked for, because some bring torch along
KINDS = {
    "context": ("segablate.models.contexts.base", "contexts"),
    "dataset": ("segablate.datasets.base", "datasets"),
    "decoder": ("segablate.models.decoders.base", "decoders"),
    "design": ("segablate.study.designs", "designs"),
    "encoder": ("segablate.models.encoders.base", "encoders"),
    "executor": ("segablate.run.executors.base", "executors"),
    "exporter": ("segablate.report.exporters.base", "exporters"),
    "format": ("segablate.report.formats.base", "formats"),
    "fusion": ("segablate.models.fusions.base", "fusions"),
    "loss": ("segablate.training.losses.base", "losses"),
    "measure": ("segablate.measures.base", "measures"),
    "network": ("segablate.models.networks.base", "networks"),
    "recipe": ("segablate.training.recipes.base", "recipes"),
    "runtime": ("segablate.measures.timing.runtimes.base", "runtimes"),
    "upsampler": ("segablate.models.upsamplers.base", "upsamplers"),
}


def singular(kind: str) -> str:
    """A kind's name, of which the plural was given perhaps.

    Raises:
        SegablateError: there is no such kind.
    """
    for name in (kind, kind.removesuffix("s"), kind.removesuffix("es")):
        if name in KINDS:
            return name
    raise SegablateError(f"there is no kind `{kind}`", hint=near_miss(kind.removesuffix("s"), KINDS))


def registry(kind: str) -> Registry:
    """The registry of a kind, named in the singular or the plural.

    Raises:
        SegablateError: there is no such kind.
    """
    module, attribute = KINDS[singular(kind)]
    found: Registry = getattr(importlib.import_module(module), attribute)
    return found


def parts(kind: str) -> list[Part]:
    """All parts of a kind, sorted by name."""
    found = registry(kind)
    return [found.part(name) for name in found.names()]


def named(name: str) -> list[tuple[str, Part]]:
    """The parts of that name with their kinds.

    Raises:
        SegablateError: there is none.
    """
    every = [(kind, part) for kind in KINDS for part in parts(kind)]
    found = [(kind, part) for kind, part in every if part.name == name]
    if not found:
        hint = near_miss(name, {part.name for _, part in every})
        raise SegablateError(f"there is nothing a study may name `{name}`", hint=hint)
    return found
