"""A study of ceilings from its YAML to its report, twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segablate.app.publish import facts
from segablate.report import data, write
from segablate.run.collect import collect
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

STUDY = """\
name: tiny
question: What is left of a tiny street?
fixed:
  data: {use: shapes, images: 2, size: [48, 64]}
vary:
  model.upsampler:
    bilinear: bilinear
    DUp-8: {use: dupsampling, channels: 8}
    DUp-24: {use: dupsampling, channels: 24}
  model.output_stride: [8, 16]
skip:
  - {when: {measure: searched, model.upsampler: DUp-24}, because: one is enough}
measure:
  - {use: oracle, as: projected}
  - {use: oracle, as: searched, encode: optimise, limit: 1}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(STUDY)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_study_becomes_a_report_and_the_same_bytes_again(study: Path, tmp_path: Path) -> None:
    made, store, folder = plan(load(study)), Store(tmp_path / "runs"), tmp_path / "reports/tiny"
    first = execute(made, store)
    assert (first.done, first.failed, first.skipped, first.open) == (10, 0, 2, 0)
    records = data.read(collect(made, store, folder))
    assert len(records) == 12
    assert sorted({record.state for record in records}) == ["done", "skipped"]
    for record in records:
        if record.done:
            assert record.outcome is not None
            assert 0 < record.outcome.value("miou") <= 1
            assert data.arrays(record, "confusion.npz")["confusion"].sum() == record.facts["pixels"]
            assert str(data.arrays(record, "worst.npz")["name_0"]).startswith("val-")
    page = write.write(facts(made.study, (), ""), folder)
    assert "DUp-24" in page.read_text()
    assert (folder / "results.csv").is_file()
    before = files(folder)

    again = execute(plan(load(study)), store)
    assert (again.done, again.reused) == (0, 10)
    collect(made, store, folder)
    write.write(facts(made.study, (), ""), folder)
    assert files(folder) == before
    assert write.check(facts(made.study, (), ""), folder) == []


def test_a_study_measured_anew_finds_the_same_numbers(study: Path, tmp_path: Path) -> None:
    made = plan(load(study, ["measure.searched.limit=1"]))
    stores = [Store(tmp_path / "a"), Store(tmp_path / "b")]
    for store in stores:
        execute(made, store)
    for cell in made.cells:
        one, other = (store.outcome(cell) for store in stores)
        assert one is not None
        assert other is not None
        assert one.measurements == other.measurements
        assert one.facts["per_class_iou"] == other.facts["per_class_iou"]


def test_a_wider_study_fits_nothing_anew(study: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    execute(plan(load(study)), store)
    kept = files(tmp_path / "runs" / "cache")
    assert len(kept) == 2
    study.write_text(STUDY.replace("channels: 24", "channels: 40"))
    summary = execute(plan(load(study)), store)
    assert (summary.done, summary.reused) == (2, 8)
    assert files(tmp_path / "runs" / "cache") == kept


def test_a_label_map_that_is_wrong_fails_its_cells_and_no_others(
    tmp_path: Path, folder: Callable[..., Path]
) -> None:
    root = folder([np.full((16, 16), 9, np.uint8)])
    path = tmp_path / "two.yaml"
    path.write_text(
        "name: two\nquestion: Does the other go on?\n"
        "fixed: {model.upsampler: bilinear, model.output_stride: 8}\n"
        "vary:\n  data:\n    good: {use: shapes, images: 1, size: [48, 64]}\n"
        f"    bad: {{use: folder, root: {root}, classes: 3}}\n"
        "measure: [oracle]\n"
    )
    summary = execute(plan(load(path)), Store(tmp_path / "runs"))
    assert (summary.done, summary.failed) == (1, 1)
    ((_, reason),) = summary.failures
    assert "value 9 at row 0, column 0" in reason
