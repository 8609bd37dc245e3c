"""Names and printed sentences are in the field's terms: what used to be dialect is not found in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# all packages, and all pages; "" are the modules beside the packages
ROOMS = ("", *sorted(path.parent.name for path in (ROOT / "segablate").glob("*/__init__.py")))
PAGES = tuple(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))
# what a thing is not called: participles, which say what happened to it
WHOLE = {"told", "tell", "said", "found", "kept", "asked", "given", "one"}
# nor as a part of a name: worker pool, measure context, oracle setup, code search, timing job …
PARTS = {
    *(
        "crew",
        "shop",
        "workshop",
        "bench",
        "hunt",
        "errand",
        "sitting",
        "joined",
        "leaders",
        "chance",
        "ledger",
    ),
    *("tall", "deviation", "sight", "things", "strokes", "street", "doubts", "judged"),
}
# nor in a sentence, where the others are plain English
PHRASES = (
    *("told from none", "tell from none", "tells from none", "no reading gives"),
    *("crew", "shop", "workshop", "hunt", "errand", "ledger", "sight", "strokes", "doubts"),
)
# what follows a run is told of each outcome: `Watcher.tell`
EXCEPT = {"tell"}
# on the wire, where names never change
WIRE = {"sight", "doubts"}


def named(tree: ast.AST) -> Iterator[str]:
    """Names that a module gives: of functions, classes, arguments, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def printed(tree: ast.AST) -> Iterator[str]:
    """Texts of a module that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def words(name: str) -> list[str]:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().strip("_").split("_")


def dialect(name: str) -> bool:
    return name.strip("_") in WHOLE - EXCEPT or not PARTS.isdisjoint(words(name))


def phrases(text: str) -> list[str]:
    return [phrase for phrase in PHRASES if re.search(rf"\b{phrase}\b", text, re.IGNORECASE)]


@pytest.mark.parametrize("room", ROOMS)
def test_names_say_what_they_hold(room: str) -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files(room)}
    assert [
        f"{path.name}: {name}" for path, tree in trees.items() for name in named(tree) if dialect(name)
    ] == []
    assert [path.name for path in trees if not PARTS.isdisjoint(words(path.stem))] == []


@pytest.mark.parametrize("room", ROOMS)
def test_printed_sentences_are_in_the_fields_terms(room: str) -> None:
    texts = {path: printed(ast.parse(path.read_text(encoding="utf-8"))) for path in files(room)}
    found = [(path.name, text) for path, own in texts.items() for text in own if phrases(text)]
    assert [(name, text) for name, text in found if text not in WIRE] == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_in_the_fields_terms(page: str) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert phrases(text) == []


def files(room: str) -> list[Path]:
    package = ROOT / "segablate" / room
    return sorted(package.rglob("*.py") if room else package.glob("*.py"))
