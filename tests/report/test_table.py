import math
from dataclasses import replace

import pytest

from segablate.quantity import quantity
from segablate.records import Measurement
from segablate.report.data import read
from segablate.report.table import results


@pytest.fixture
def table_of(fake, tmp_path):
    return lambda lines: results(read(fake.save(tmp_path, lines, pictures=False) / "data"))


def column(table, heading):
    at = table.head.index(heading)
    return [row[at] for row in table.rows]


def test_there_is_one_row_a_variant_and_one_column_a_measure_and_metric(fake, table_of):
    table = table_of(fake.study())
    assert len(table.rows) == 15
    assert len(table.head) == 1 + 2 * 3
    assert table.head[1] == "project: mIoU (%)"
    assert table.rows[0][0].text == "output_stride=16, bilinear (baseline)"


def test_the_measure_is_left_out_of_the_headings_where_there_is_one_only(fake, table_of):
    assert table_of(fake.study(measures=["project"])).head[1] == "mIoU (%)"


def test_scores_are_shown_as_percentages(fake, table_of):
    outcome = fake.oracle("bilinear", None, 16)
    cell = column(table_of([fake.Line("a", {}, True, "project", outcome)]), "mIoU (%)")[0]
    assert cell.text == f"{outcome.value('miou') * 100:.2f}"


def test_repeats_that_share_an_outcome_count_once(fake, table_of):
    outcome = fake.oracle("bilinear", None, 16)
    table = table_of([fake.Line("a", {}, True, "project", outcome, seed=seed) for seed in range(3)])
    assert "n =" not in table.rows[0][1].text


def test_repeats_that_differ_show_their_mean_range_and_number(fake, table_of):
    lines = [
        fake.Line(
            "a",
            {},
            True,
            "project",
            replace(
                fake.oracle("bilinear", None, 16),
                key=str(seed),
                measurements=(Measurement("miou", (value,), "c"),),
            ),
            seed=seed,
        )
        for seed, value in enumerate((0.71, 0.70, 0.75))
    ]
    assert table_of(lines).rows[0][1].text == "72.00 (70.00…75.00, n = 3)"


def test_a_cell_without_a_number_has_a_short_mark_and_a_footnote(fake, table_of):
    lines = [
        fake.Line("a", {}, True, "project", fake.oracle("bilinear", None, 16)),
        fake.Line("b", {}, False, "project", fake.failed("out of\nmemory")),
        fake.Line("c", {}, False, "project", None, skipped="too dear"),
        fake.Line("d", {}, False, "project", fake.failed("out of\nmemory", stride=8)),
    ]
    table = table_of(lines)
    assert [(cell.text, cell.note) for cell in column(table, "mIoU (%)")[1:]] == [
        ("failed", 1),
        ("skipped", 2),
        ("failed", 1),
    ]
    assert table.notes == ("failed: out of memory", "skipped: too dear")


def test_nan_is_a_dash(fake, table_of):
    empty = replace(fake.oracle("bilinear", None, 16), measurements=(Measurement("miou", (math.nan,), "c"),))
    assert table_of([fake.Line("a", {}, True, "project", empty)]).rows[0][1].text == "–"


def test_a_study_of_which_everything_failed_still_has_its_rows(fake, table_of):
    table = table_of([fake.Line(name, {}, name == "a", "project", fake.failed("no")) for name in "ab"])
    assert table.head == ("variant", "project")
    assert [row[1].text for row in table.rows] == ["failed", "failed"]


def test_n_is_said_for_each_measure(fake, table_of):
    assert table_of(fake.study()).below == ("n of project: 1,449 images.", "n of optimise: 120 images.")


def test_a_small_count_is_not_shown_as_nothing():
    assert quantity("macs").shown(3_030_000.0) == "0.0030"
    assert quantity("macs").shown(3_230_000.0, unit=True) == "0.0032 GMAC"
    assert quantity("macs").shown(0.0) == "0.00"
    assert quantity("miou").shown(0.00001) == "0.00"
