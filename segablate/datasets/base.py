"""The registry of data sets. Whatever one of them is, a study may merge or drop its classes with `map`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segablate.datasets.mapped import REST, ClassMap, Mapped, checked
from segablate.datasets.protocol import Blocked, Dataset, Item, blocks
from segablate.registry import Part, Registry

__all__ = ["Blocked", "DataPart", "Dataset", "Item", "blocks", "datasets"]

MAP = "map"
MEANING = (
    f"what classes become, by name or index: another name (several may share one), or null to ignore "
    f"them; `{REST}` is every class not named"
)


class DataPart(Part):
    """A registered data set: its own settings, and `map`, which none of them has to know."""

    @property
    def annotations(self) -> dict[str, Any]:
        """Those of its own settings, and of `map`."""
        return super().annotations | {MAP: ClassMap | None}

    @property
    def explained(self) -> str:
        """Its docstring, with a word on `map`."""
        own = super().explained
        begun = own if "Args:\n" in own else f"{own}\n\nArgs:\n"
        return begun.replace("Args:\n", f"Args:\n    {MAP}: {MEANING}.\n", 1)

    @property
    def defaults(self) -> dict[str, Any]:
        """Those of its own settings, and no `map`."""
        return super().defaults | {MAP: None}

    def settings(self, study: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, validated. `map` is in it only where there is one: most keys do without."""
        own = super().settings(_without_map(study))
        mapping = checked(study.get(MAP))
        return own | ({MAP: mapping} if mapping else {})

    def build(self, ingredients: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
        """The data set, with its classes mapped where that is asked for."""
        data: Dataset = super().build(ingredients, _without_map(settings))
        mapping = checked(settings.get(MAP))
        return Mapped(data, mapping) if mapping else data


def _without_map(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != MAP}


datasets = Registry("data set", "segablate.datasets", DataPart)
