"""docs/architecture.md answers a newcomer's questions and names what exists; so do the pages of the site."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import segablate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`((?:segablate|tests|studies)/[^`]*)`", PAGE)))


def section(head: str) -> str:
    found = re.search(rf"^## {head}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_ten_questions_are_answered_in_a_line_each() -> None:
    rows = [
        line for line in section("Ten questions").splitlines() if line.startswith("| W") or "| How" in line
    ]
    assert len(rows) == 10
    assert [row for row in rows if "`" not in row] == []


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_it_names_exists(place: str) -> None:
    path, _, name = place.partition("::")
    assert (ROOT / path).exists()
    if name:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        named = {getattr(node, "name", None) for node in tree.body}
        targets = [target for node in tree.body for target in getattr(node, "targets", [])]
        targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
        assert name in named | {getattr(target, "id", None) for target in targets}


def test_tests_have_a_folder_for_each_package() -> None:
    packages = [path.parent.name for path in (ROOT / "segablate").glob("*/__init__.py")]
    assert [name for name in packages if not list((ROOT / "tests" / name).glob("test_*.py"))] == []


def test_its_floors_are_those_that_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    (block,) = re.findall(r"```text\n(.*?)```", section("Floors"), re.DOTALL)
    floors = [re.split(r"\s{2,}", line)[0] for line in block.splitlines()]
    assert floors[:-1] == layers[1:-1]  # without `__main__`, and the ground in short


def test_pages_of_the_site_exist_and_each_page_is_on_it() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = set(re.findall(r"[\w/]+\.md", str(site["nav"])))
    assert [page for page in pages if not (ROOT / page).is_file()] == []
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= pages


def test_the_api_page_has_all_that_the_package_offers() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (members,) = re.findall(r"app\.notebook\n.*?members: \[(.*?)\]", page, re.DOTALL)
    assert set(segablate.__all__) <= set(members.split(", "))
