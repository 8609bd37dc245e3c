from pathlib import Path

import pytest

from segablate.quantity import QUANTITIES, Margin
from segablate.study.load import load


def margin_of(text, *overrides):
    path = Path("x.yaml")
    path.write_text(f"name: x\nmeasure: [oracle]\n{text}", encoding="utf-8")
    return load(path, overrides).margin


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("miou: 0.5", Margin(0.005)),
        ("miou: 0.5 points", Margin(0.005)),
        ("miou: 1 point", Margin(0.01)),
        ("miou: 0", Margin(0.0)),
        ("params: 0.5 million", Margin(5e5)),
        ("macs: 2", Margin(2e9)),
        ("macs: 5 %", Margin(0.05, relative=True)),
        ("macs: 5%", Margin(0.05, relative=True)),
    ],
)
def test_a_margin_is_in_the_unit_that_is_shown(written, meant):
    ((_, found),) = margin_of(f"margin: {{{written}}}\n").items()
    assert found.value == pytest.approx(meant.value)
    assert found.relative == meant.relative


def test_a_study_need_not_state_any():
    assert margin_of("") == {}


def test_it_can_be_set_on_the_command_line():
    assert margin_of("", "margin.miou=0.2 points") == {"miou": Margin(0.002)}
    assert margin_of("margin: {miou: 1}\n", "margin={miou: 0.2}") == {"miou": Margin(0.002)}


def test_scores_have_a_margin_of_their_own_and_counts_none():
    assert QUANTITIES["miou"].margin == Margin(0.005)
    assert QUANTITIES["macs"].margin == Margin(0.0)
    assert QUANTITIES["macs"].compared == "count"
    assert QUANTITIES["intensity"].compared == "none"
