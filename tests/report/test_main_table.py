"""The main table: ticks, a matrix or rows, as many digits as the error allows, and small enough to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segablate.evidence.claim import Claim
from segablate.quantity import Margin, quantity
from segablate.records import Measurement
from segablate.report.data import read
from segablate.report.main_table import MOST_COLUMNS, MOST_ROWS, Stats, main_table, number, numbers_of
from segablate.report.names import Names
from segablate.report.results import results


@pytest.fixture
def table_of(fake, tmp_path):
    def make(lines, **changes):
        facts = replace(fake.FACTS, published="", **changes)
        records = read(fake.save(tmp_path, lines, pictures=False) / "data")
        return main_table(facts, numbers_of(facts, Names.of(facts, records).records(records)))

    return make


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def parts(fake, made):
    lines = []
    for label, context, fusion, score in made:
        choices = {"model.context": context, "model.decoder.fusion": fusion}
        values = [score - 0.01, score, score + 0.01]
        lines += fake.trained(label, values, choices=choices, baseline=label == "baseline")
    return lines


ROWS = [("baseline", "none", "add", 0.60), ("SPPM", "SPPM", "add", 0.62), ("both", "SPPM", "UAFM", 0.64)]


def test_chosen_parts_of_two_choices_are_ticked_as_papers_print_them(fake, table_of):
    table = table_of(parts(fake, ROWS), design="chosen")
    assert table.head == ("SPPM", "UAFM", "mIoU (%)", "Δ to first row (points)")
    assert texts(table) == [
        ["", "", "60.0 ± 1.0", ""],
        ["✓", "", "62.0 ± 1.0", "+2.0"],
        ["✓", "✓", "64.0 ± 1.0", "+4.0"],
    ]
    assert table.below == ("±: standard deviation over 3 repeats.",)


def test_a_whole_grid_of_two_axes_is_a_matrix_with_strides_in_their_order(fake, table_of):
    table = table_of(fake.study(measures=["project"]))
    assert table.head == ("mIoU* (%) by upsampler", "1/8", "1/16", "1/32")
    assert [row[0] for row in texts(table)] == ["bilinear", "nearest", "DUp-16", "DUp-64", "DUp-256"]


def test_of_several_readings_the_claims_is_shown_and_the_others_are_folded(fake, table_of):
    study = fake.study()
    optimised = next(one for one in study if one.measure == "optimise")
    claim = Claim("x", optimised.variant, "reaches", "", "99.9", "miou", "optimise", Margin(0.0))
    first, second = table_of(study), table_of(study, claims=(claim,))
    assert texts(first)[0][2] != texts(second)[0][2]
    at = optimised.outcome.value("miou")
    assert quantity("miou").shown(at) in texts(second)[0]


def test_what_was_not_measured_is_empty_and_one_sentence_says_why(fake, table_of):
    lines = parts(fake, ROWS[:2])
    costly = fake.Line(ROWS[0][0], lines[0].choices, True, "complexity", None, skipped="takes a day")
    made = lines[3]
    found = replace(
        made.outcome, key="c", use="complexity", measurements=(Measurement("macs", (2e9,), "counted"),)
    )
    table = table_of([*lines, costly, replace(made, measure="complexity", outcome=found)])
    assert [row[-1] for row in texts(table)] == ["", "2.00"]
    assert not any("skipped" in text for row in texts(table) for text in row)
    assert table.below[-1] == "Empty: not measured (takes a day)."


def test_no_table_is_larger_than_can_be_read(fake, table_of):
    lines = [
        line
        for at in range(40)
        for line in fake.trained(
            f"v{at}", [0.5 + at / 100] * 2, choices={"model.a": f"{at}"}, baseline=at == 0
        )
    ]
    table = table_of(lines)
    assert len(table.rows) == MOST_ROWS
    assert [row[0] for row in texts(table)] == ["a 0", *(f"a {at}" for at in range(27, 40))]
    assert table.below[-1] == "14 of 40 rows: the first, and the best in mIoU (%)."
    assert len(table.head) <= MOST_COLUMNS


@pytest.mark.parametrize(
    ("std", "told"),
    [
        (0.006, "56.7 ± 0.6"),
        (0.0012, "56.69 ± 0.12"),
        (0.011, "56.7 ± 1.1"),
        (0.03, "57 ± 3"),
        (0.0, "56.69 ± 0.00"),
    ],
)
def test_there_are_as_many_digits_as_the_error_allows(std, told):
    assert number(Stats(0.5669, std, 5), quantity("miou")) == told
    assert number(Stats(0.5669, std, 1), quantity("miou")) == "56.69"


def test_a_count_that_is_the_same_in_all_repeats_has_no_spread():
    assert number(Stats(84.0, 0.0, 3), quantity("code_bits")) == "84"
    assert number(Stats(84.0, 2.0, 3), quantity("code_bits")) == "84 ± 2"


def test_the_frame_has_a_row_a_number_and_a_column_an_axis(fake, tmp_path):
    folder = fake.save(tmp_path, parts(fake, ROWS), pictures=False)
    frame = results(folder)
    assert list(frame.columns) == [
        *("variant", "baseline", "measure", "use", "metric", "seed", "key", "value"),
        *("model.context", "model.decoder.fusion"),
    ]
    means = frame[frame["metric"] == "miou"].groupby("variant", sort=False)["value"].mean()
    assert means.round(6).to_dict() == {"baseline": 0.60, "SPPM": 0.62, "both": 0.64}
    assert results(folder / "data").equals(frame)
