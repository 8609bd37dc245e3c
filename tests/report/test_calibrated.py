import pytest

from segablate.records import Measurement, Outcome
from segablate.report.calibrated import cases, figures, sentences
from segablate.report.data import read
from segablate.report.draw import data_of, svg
from segablate.report.formats.md import markdown
from segablate.report.page import page


@pytest.fixture
def records(fake, tmp_path):
    lines = []
    for spread, shares in (("normal", (0.05, 0.049)), ("one-skewed", (0.12, 0.058))):
        for n, share in zip((3, 8), shares, strict=True):
            reads = {"spread": spread, "seeds": n, "correlation": 0.0, "simulations": 1000}
            taken = (Measurement("false_verdicts", (share,), "c"), Measurement("coverage", (1 - share,), "c"))
            label = f"{spread}, {n}"
            outcome = Outcome(label, "done", reads, taken)
            lines.append(fake.Line(label, {"data": label}, not lines, "calibration", outcome))
    return read(fake.save(tmp_path, lines) / "data")


def test_where_the_rule_holds_is_said_case_by_case(records):
    assert sentences(cases(records)) == [
        "The share of false verdicts is at most 6 % in 3 of 4 cases.",
        "normal: holds whatever the number of seeds (at most 5.0 %, at n = 3).",
        "one-skewed: does not hold at n = 3 seeds (at most 12.0 %, at n = 3).",
    ]


def test_each_spread_has_its_curve(records):
    drawn = figures(cases(records))
    assert [figure.name for figure in drawn] == ["false-verdicts-seeds", "coverage-seeds"]
    assert [curve.label for curve in drawn[0].curves] == ["normal", "one-skewed"]
    assert data_of(svg(drawn[0]))["curves"][1]["y"] == [0.12, 0.058]


def test_the_page_has_its_figures_and_no_verdicts(fake, records):
    told = page(fake.FACTS, records)
    assert len(told.pictures) == 2
    assert not [one for one in told.sections if "baseline" in one.title]
    assert "More than 6 % of verdicts are false in some cases of one-skewed." in markdown(told)
