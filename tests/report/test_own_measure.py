"""The page of a measure that this package does not know, written as docs/extension.md says."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from segablate.measures.base import Config, MeasureContext, Result, measures
from segablate.quantity import QUANTITIES, Quantity
from segablate.records import Measurement, Reads
from segablate.report.data import read
from segablate.report.facts import StudyFacts
from segablate.report.write import render
from segablate.run.collect import collect
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

STUDY = """\
name: watts
question: What does a pass take from the wall?
fixed:
  input.size: [32, 64]
vary:
  model.encoder: [stdc1, stdc2]
measure: [{use: energy}]
repeat: 3
"""


class Energy:
    """Joules a pass takes.

    Args:
        scope: what of the network is run.
    """

    seeded: ClassVar[bool] = False

    def __init__(self, *, scope: str = "network") -> None:
        self.scope = scope

    def reads(self, config: Config) -> dict[str, Any]:
        return {
            "scope": self.scope,
            "size": config["input"]["size"],
            "encoder": config["model"]["encoder"],
        }

    def together(self, reads: Reads) -> Hashable:
        return None

    def measure(self, cells: Sequence[Reads], seed: int, ctx: MeasureContext) -> Iterator[Result]:
        for reads in cells:
            joules = 2.0 + (reads["encoder"] == "stdc2") + 0.01 * seed * (1 + seed)
            yield Result((Measurement("joules", (joules,), "of one pass"),))


class SeededEnergy(Energy):
    seeded: ClassVar[bool] = True

    def __init__(self, *, scope: str = "network") -> None:
        super().__init__(scope=scope)


def _report(
    kind: type[Energy], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, dict[str, bytes]]:
    """The page of two variants under the measure, and all files of the report."""
    measures.names()  # the package's own are searched for first
    monkeypatch.setattr(measures, "_parts", dict(measures._parts))
    monkeypatch.setitem(QUANTITIES, "joules", Quantity("joules", "energy", "J", "lower", 1.0, "J"))
    measures.register("energy")(kind)
    path = folder / "watts.yaml"
    path.write_text(STUDY)
    made, store = plan(load(path)), Store(folder / "runs")
    execute(made, store, device="cpu")
    data = collect(made, store, folder / "report")
    assert {record.use for record in read(data)} == {"energy"}
    facts = StudyFacts("watts", "What?", "", "", "", "segablate run watts.yaml", "watts.yaml")
    files = render(facts, data.parent)
    return files["report.md"].decode(), files


@pytest.mark.parametrize("kind", [Energy, SeededEnergy])
def test_a_measure_that_reads_scope_and_size_is_told_as_what_it_is(
    kind: type[Energy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, files = _report(kind, tmp_path, monkeypatch)
    assert "energy (J)" in page
    assert not [word for word in ("GMAC", "parameters", "Operations are not time") if word in page]
    assert not [name for name in files if "where-it-sits" in name]


def test_what_has_no_random_part_is_compared_without_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = _report(Energy, tmp_path, monkeypatch)
    assert "| 2.00 |" in page
    assert "seed" not in page.partition("<details>")[0]


def test_what_depends_on_the_seed_is_compared_over_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = _report(SeededEnergy, tmp_path, monkeypatch)
    assert "3 seeds" in page
    assert "n = 3" in page
