"""`list` and `show` read the registries."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable

import pytest

import segablate as segablate_package
from segablate.app.catalogue import named, parts, registries, settings
from segablate.registry import Registry


@pytest.mark.parametrize("kind", registries())
def test_every_kind_is_listed_in_the_singular_and_the_plural(kind: str, segablate: Callable) -> None:
    singular, plural = segablate("list", kind), segablate("list", "losses" if kind == "loss" else f"{kind}s")
    assert singular.code == 0
    assert singular.out == plural.out
    assert len(singular.out.splitlines()) == 1 + len(parts(kind))


def test_every_registry_is_listed_wherever_it_was_made() -> None:
    for module in pkgutil.walk_packages(segablate_package.__path__, "segablate."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    modules = [vars(module) for name, module in sys.modules.items() if name.startswith("segablate.")]
    made = {id(value) for names in modules for value in names.values() if isinstance(value, Registry)}
    assert made == {id(registry) for registry in registries().values()}
    assert len(registries()) >= 15


def test_the_whole_list_is_one_document(segablate: Callable) -> None:
    listed = segablate("list", "--json").document["parts"]
    assert {part["kind"] for part in listed} == set(registries())
    assert all(part["summary"] for part in listed)


def test_every_listed_name_can_be_shown(segablate: Callable) -> None:
    listed = segablate("list", "--json").document["parts"]
    for name in {part["name"] for part in listed}:
        matches = named(name)
        assert {part.name for _, part in matches} == {name}
        assert all(part.file.endswith(".py") for _, part in matches)
        assert all(setting.meaning for _, part in matches for setting in settings(part)), name
    for part in {part["kind"]: part for part in listed}.values():
        shown = segablate("show", part["name"], "--json").document["parts"]
        assert part["name"] in {match["name"] for match in shown}


def test_a_shown_part_has_its_settings_with_type_default_and_meaning(segablate: Callable) -> None:
    said = segablate("show", "processes")
    assert "executor `processes`: " in said.out
    assert "jobs     int   1        how many at a time" in said.out
    assert "segablate/run/executors/processes.py" in said.out


def test_an_unknown_kind_and_an_unknown_name_tell_the_nearest(segablate: Callable) -> None:
    assert "did you mean `executor`?" in segablate("list", "execut").err
    assert "did you mean `processes`?" in segablate("show", "procceses").err
