"""Every committed page is read in half a minute: what is not folded keeps to its budget."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "reports").rglob("report.md"))
WORDS, TABLES, FIGURES, CAVEATS = 200, 2, 2, 4
CLAIMS, COLUMNS, ROWS, PRINTED_ROWS = 8, 9, 14, 24


@pytest.fixture(params=PAGES, ids=lambda page: page.parent.relative_to(ROOT / "reports").as_posix())
def shown(request: pytest.FixtureRequest) -> str:
    """What is seen without a click."""
    return str(request.param.read_text(encoding="utf-8").partition("<details>")[0])


def tables(shown: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = []
    inside = False
    for line in shown.splitlines():
        if line.startswith("| "):
            if not inside:
                found.append([])
            found[-1].append(re.split(r"(?<!\\)\|", line)[1:-1])
        inside = line.startswith("| ")
    return found


def test_there_are_few_words_outside_of_tables(shown: str) -> None:
    prose = [line for line in shown.splitlines() if not line.startswith(("| ", "!["))]
    assert len(" ".join(prose).split()) <= WORDS


def test_there_are_two_figures_and_four_caveats_at_most(shown: str) -> None:
    assert shown.count("\n![") <= FIGURES
    caveats = shown.partition("**Before you quote this**")[2]
    assert len(re.findall("^- ", caveats, re.MULTILINE)) <= CAVEATS


def test_there_are_two_tables_of_a_size_that_can_be_read(shown: str) -> None:
    found = tables(shown)
    assert 1 <= len(found) <= TABLES
    *claims, main = found
    assert all(table[0][0].strip() == "claim" and len(table) - 2 <= CLAIMS for table in claims)
    assert len(main[0]) <= COLUMNS
    printed = any(head.strip().startswith("paper") for head in main[0])
    assert len(main) - 2 <= (PRINTED_ROWS if printed else ROWS)


def test_no_cell_says_that_it_was_skipped(shown: str) -> None:
    assert "skipped" not in [cell.strip() for table in tables(shown) for row in table for cell in row]


def test_the_answer_has_two_sentences_at_most(shown: str) -> None:
    answers = re.findall(r"^\*\*(?!Before)[^·]+?\*\*$", shown, re.MULTILINE)
    assert len(answers) <= 2
