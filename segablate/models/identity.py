"""What code from outside is, so that another version of it is another cell: found without running any of it.

What is seen is the source file of the factory's module, and the installed distribution it belongs to. What is
not: other files that it imports, weights that it reads or downloads, and whatever else it asks the machine.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path


def identity(factory: str) -> dict[str, str | None]:
    """What a factory's code is known by.

    Args:
        factory: `package.module:function`.

    Returns:
        `sha256` of the module's source file, None where there is no such file, and `package`, name and
        version of what pip installed it with, None where it is a file of one's own.
    """
    module = factory.partition(":")[0]
    file, packages = _file(module), _distributions().get(module.partition(".")[0])
    return {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest() if file else None,
        "package": f"{packages[0]} {metadata.version(packages[0])}" if packages else None,
    }


def _file(module: str) -> Path | None:
    loaded = sys.modules.get(module)
    origin = getattr(loaded, "__file__", None) if loaded else None
    if loaded is None and (spec := _spec(module)):
        origin = spec.origin
    path = Path(origin) if origin else None
    return path if path and path.is_file() else None


def _spec(module: str) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, which would run the packages around the module."""
    spec: ModuleSpec | None = None
    words = module.split(".")
    for depth in range(len(words)):
        within = spec.submodule_search_locations if spec else None
        if depth and within is None:
            return None
        spec = _ask(".".join(words[: depth + 1]), within)
        if spec is None:
            return None
    return spec


def _ask(name: str, within: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, within)
        if spec is not None:
            return spec
    return None


@functools.cache  # all of what is installed is gone through
def _distributions() -> Mapping[str, Sequence[str]]:
    return metadata.packages_distributions()
