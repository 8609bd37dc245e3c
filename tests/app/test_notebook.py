"""The commands as functions: what they return is what the commands print."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import segablate
import segablate.run.plan
from segablate.app import notebook
from segablate.errors import SegablateError

STUDY = """\
name: small
question: What do these strides cost?
claims: [{claim: 8 beats 16, metric: miou}]
fixed:
  data: {use: shapes, images: 4, size: [32, 48]}
  model.upsampler: bilinear
vary:
  model.output_stride: [16, 8]
measure: [oracle]
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(STUDY)
    return "small.yaml"


def test_every_command_is_a_function_and_its_package_stays_one() -> None:
    assert all(callable(getattr(segablate, name)) for name in segablate.__all__)
    assert inspect.signature(segablate.run) == inspect.signature(notebook.run)
    assert segablate.run.plan.Cell.__name__ == "Cell"
    with pytest.raises(AttributeError, match="has no attribute `walk`"):
        segablate.walk  # noqa: B018


def test_a_plan_a_run_and_a_report_are_frames(study: str) -> None:
    planned = segablate.plan(study)
    assert planned.cells["state"].tolist() == ["missing", "missing"]
    assert planned.claims["decidable"].tolist() == [True]
    ran = segablate.run(study)
    assert dict(ran.counts) == {"done": 2, "reused": 0, "failed": 0, "skipped": 0, "open": 0}
    assert ran.claims["verdict"].tolist() == ["confirmed"]
    coarse, fine = ran.rows["miou"]
    assert 0 < coarse < fine <= 1
    assert segablate.plan(study).cells["state"].tolist() == ["done", "done"]
    written = segablate.report(study, formats=["html"])
    assert written.page == ran.page == Path("runs/reports/small/report.md")
    assert written.page.with_suffix(".html").is_file()
    assert written.rows.equals(ran.rows)
    numbers = segablate.results(written.page.parent)
    assert numbers.loc[numbers["metric"] == "miou", "value"].tolist() == [coarse, fine]
    assert numbers["model.output_stride"].unique().tolist() == ["16", "8"]


def test_errors_are_those_of_the_commands(study: str) -> None:
    with pytest.raises(SegablateError, match="there is no network `pp-litseg-t`") as found:
        segablate.flops("pp-litseg-t", size=(64, 64))
    assert "pp-liteseg-t" in str(found.value.hint)
    with pytest.raises(SegablateError, match="there are no results"):
        segablate.report(study)


def test_a_network_is_counted_as_the_command_counts_it() -> None:
    cost = segablate.flops({"use": "pp-liteseg-t", "decoder": {"fusion": "add"}}, size=(64, 96), quick=True)
    whole = cost[cost["name"] == ""].iloc[0]
    assert whole["flops"] == 2 * whole["macs"]
    assert cost.attrs["answer"].startswith("pp-liteseg-t needs ")
