"""docs/benchmarks.md is what the committed results say, and a miss comes with its floor and its reason."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tests/benchmarks"))
        return importlib.import_module("results")


def test_the_page_is_made_from_the_committed_results(results: ModuleType) -> None:
    written = results.PAGE.read_text(encoding="utf-8")
    assert written == results.page(results.read(results.KEPT), results.names()), (
        "python tests/benchmarks/results.py writes it"
    )


def test_every_result_is_of_a_benchmark_that_exists(results: ModuleType) -> None:
    for name, found in results.read(results.KEPT).items():
        assert found["name"] == name
        assert name in results.names()
        assert found["command"].startswith(f"python tests/benchmarks/bench_{name}.py")
        assert found["date"]
        assert found["machine"]["cores"]
        assert found["versions"]


def test_a_miss_has_its_floor_and_its_reason(results: ModuleType) -> None:
    rows = [row for found in results.read(results.KEPT).values() for row in found["rows"]]
    for row in rows:
        made = results.Row(**row)
        assert made.range[0] <= made.ratio <= made.range[1]
        assert bool(made.reason) == made.missed, made.what
        assert (made.floor is not None) == made.missed, made.what


def test_only_what_is_missed_keeps_an_excuse(results: ModuleType) -> None:
    row = results.Row("a ÷ b", 1.5, (1.4, 1.6), 3, 2.0, floor=1.0, reason="b is quick")
    assert row.line() == "| a ÷ b | 1.5× (1.4 to 1.6, n = 3) | ≤ 2 | reached |"
    assert not {"floor", "reason"} & set(results._told(row))
    missed = results.Row("a ÷ b", 1.5, (1.4, 1.6), 3, 2.0, least=True, floor=1.0, reason="b is quick")
    assert missed.line().endswith("| ≥ 2 | missed: floor 1×; b is quick |")


def test_what_was_left_out_stands_below_the_table(results: ModuleType) -> None:
    machine = {"cores": 2, "cpu": "a CPU", "memory_gb": 8}
    row = results._told(results.Row("a ÷ b", 1.5, (1.4, 1.6), 3))
    found = {"title": "T", "command": "c", "date": "d", "machine": machine, "versions": {}, "rows": [row]}
    assert results._section({**found, "notes": ["Not measured in bf16."]}).endswith("Not measured in bf16.\n")


def test_make_bench_runs_what_is_there(results: ModuleType) -> None:
    """A benchmark that no command would run has no result."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^BENCH := .*wildcard tests/benchmarks/bench_\*\.py", makefile, re.MULTILINE)
