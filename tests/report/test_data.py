import json

import numpy as np
import pytest

from segablate.errors import SegablateError
from segablate.report.data import arrays, parse, read


def test_records_come_back_in_the_files_order_with_their_outcomes(fake, report):
    records = read(report / "data")
    assert [(one.variant, one.measure) for one in records] == [
        (one.variant, one.measure) for one in fake.study()
    ]
    assert records[0].outcome == fake.study()[0].outcome
    assert records[0].baseline
    assert all(record.state == "done" for record in records)


def test_the_states_of_a_record_are_told_apart(fake, tmp_path):
    lines = [
        fake.Line("a", {}, True, "project", fake.oracle("bilinear", None, 16)),
        fake.Line("b", {}, False, "project", fake.failed("out of memory")),
        fake.Line("c", {}, False, "project", None, skipped="too dear"),
        fake.Line("d", {}, False, "project", None),
    ]
    records = read(fake.save(tmp_path, lines) / "data")
    assert [record.state for record in records] == ["done", "failed", "skipped", "not run"]
    assert [record.reason for record in records] == ["", "out of memory", "too dear", "it has not run yet"]


@pytest.mark.parametrize("content", [None, "", "\n\n"])
def test_no_results_are_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / "outcomes.jsonl").write_text(content)
    with pytest.raises(SegablateError, match="there are no results here"):
        read(tmp_path)


@pytest.mark.parametrize("damage", ["{", "[]", "null", '{"variant": "a"}', '{"schema": 1}'])
def test_a_damaged_line_is_named_by_its_number(report, damage):
    path = report / "data" / "outcomes.jsonl"
    path.write_text(path.read_text().replace("\n", f"\n{damage}\n", 1))
    with pytest.raises(SegablateError) as caught:
        read(report / "data")
    assert caught.value.where == f"{path}:2"


def test_a_damaged_outcome_is_named_by_its_line(report):
    path = report / "data" / "outcomes.jsonl"
    path.write_text(path.read_text().replace("segablate/1", "segablate/9", 1))
    with pytest.raises(SegablateError) as caught:
        read(report / "data")
    assert caught.value.where == f"{path}:1"


def test_a_line_separator_inside_a_name_does_not_end_the_line(fake, tmp_path):
    name = "a\u2028b\x85c"
    records = read(fake.save(tmp_path, [fake.Line(name, {}, True, "project", None)]) / "data")
    assert records[0].variant == name


def test_arrays_come_back_as_they_were_kept(fake, report):
    record = read(report / "data")[0]
    kept = arrays(record, "worst.npz")
    np.testing.assert_array_equal(kept["truth_0"], fake.worst(16)["truth_0"])
    assert str(kept["name_0"]) == "2007_000"


def test_arrays_that_are_missing_or_damaged_are_an_error_that_names_the_file(report):
    record = read(report / "data")[0]
    with pytest.raises(SegablateError, match="not there"):
        arrays(record, "curve.npz")
    path = report / "data" / f"{record.outcome.key}-worst.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SegablateError, match="not an archive") as caught:
        arrays(record, "worst.npz")
    assert caught.value.where == str(path)


def test_a_pickle_in_an_archive_is_refused(report):
    record = read(report / "data")[0]
    path = report / "data" / f"{record.outcome.key}-worst.npz"
    np.savez(path, truth_0=np.array([object()], dtype=object))
    with pytest.raises(SegablateError, match="not an archive of arrays"):
        arrays(record, "worst.npz")


@pytest.mark.parametrize(
    ("reads", "use", "seeded"),
    [
        ({"encode": "project", "output_stride": 16}, "oracle", False),
        ({"encode": "autoencoder", "output_stride": 16}, "oracle", True),
        ({"recipe": {"use": "quick"}, "scored": "val"}, "accuracy", True),
        ({"device_name": "cpu", "precision": "float32"}, "latency", True),
        ({"scope": "all", "size": [512, 1024]}, "complexity", False),
        ({"of": "somebody else"}, "", None),
    ],
)
def test_an_outcome_of_before_measures_wrote_their_name_is_of_the_measure_that_reads_so(
    tmp_path, reads, use, seeded
):
    outcome = {"schema": "segablate/1", "key": "k", "status": "done", "reads": reads}
    told = {"variant": "a", "choices": {}, "baseline": True, "measure": "m", "seed": 0, "skipped": None}
    (record,) = parse(json.dumps({**told, "outcome": outcome}), "outcomes.jsonl", tmp_path)
    assert (record.use, record.outcome.seeded) == (use, seeded)
