"""Figures beyond curves and bars: what they show, by rule, and that they can be told apart without colour."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from segablate.evidence.verdict import Verdict
from segablate.records import Measurement, Outcome
from segablate.report import drawing, overview
from segablate.report.data import read
from segablate.report.figures import Bar, Bars, Curve, Figure, Point, Row, Rows, Scatter, front
from segablate.report.readers.accuracy import disagreements
from segablate.report.sheets import png

points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


def outcome(key, seed=0, **metrics):
    taken = tuple(Measurement(name, (value,), "made up") for name, value in metrics.items())
    return Outcome(f"{key}-{seed}", "done", {}, taken)


@pytest.fixture
def costly(fake, tmp_path):
    """Three variants with seeds: b is better and dearer than a, c is worse and dearer than a."""
    lines = []
    for name, score, macs in (("a", 0.70, 5e9), ("b", 0.75, 20e9), ("c", 0.65, 10e9)):
        for seed in range(3):
            found = outcome(name, seed, miou=score + seed / 1000)
            lines.append(fake.Line(name, {}, name == "a", "accuracy", found, seed))
        lines.append(fake.Line(name, {}, name == "a", "complexity", outcome(f"{name}c", macs=macs)))
    return read(fake.save(tmp_path, lines) / "data")


@given(points)
def test_the_front_is_what_nothing_dominates(given_points):
    found = front(given_points, x_sign=-1, y_sign=1)
    for at, (x, y) in enumerate(given_points):
        better = [p for p in given_points if p[0] <= x and p[1] >= y and p != (x, y)]
        assert found[at] == (not better)


def test_accuracy_over_multiply_adds_has_the_front_and_intervals(costly):
    (figure,) = overview.costs(costly)
    assert (figure.x_metric, figure.y_metric) == ("macs", "miou")
    assert [(one.label, one.front, one.baseline) for one in figure.points] == [
        ("a", True, True),
        ("b", True, False),
        ("c", False, False),
    ]
    low, high = figure.points[0].y_interval
    # mean 70.1, standard deviation 0.1, t(0.975, 2) / √3 = 2.484
    assert (low, high) == (
        pytest.approx(0.701 - 0.002484, abs=1e-6),
        pytest.approx(0.701 + 0.002484, abs=1e-6),
    )
    assert figure.points[0].x_interval is None


def test_a_ceiling_is_not_set_against_a_cost(fake, report):
    assert overview.costs(read(report / "data")) == ()


def test_at_most_eight_variants_are_named_in_a_scatter_and_the_rest_is_grey(fake, tmp_path):
    lines = []
    for at in range(12):
        choices, base = {"model": f"v{at}"}, at == 0
        lines.append(fake.Line(f"v{at}", choices, base, "accuracy", outcome(f"a{at}", miou=0.5 + at / 100)))
        lines.append(fake.Line(f"v{at}", choices, base, "complexity", outcome(f"c{at}", macs=1e9 + at)))
    (figure,) = overview.costs(read(fake.save(tmp_path, lines) / "data"))
    assert [one.label for one in figure.points if one.named] == ["v0", *(f"v{at}" for at in range(5, 12))]
    assert "The 8 best of 12 are named." in figure.caption
    drawn = drawing.svg(figure).decode()
    assert len(re.findall('class="tip"><title>', drawn)) == 12
    assert "#999999" in drawn


def verdict(kind, value, low, high, **changes):
    return replace(Verdict(kind, value, low, high, 0.95, 5, "seeds", 0.005, 0.01, None, None), **changes)


JUDGED = {
    ("a", "acc", "miou"): verdict("better", 0.02, 0.01, 0.03),
    ("b|&_$", "acc", "miou"): verdict("worse", -0.02, -0.03, -0.01),
    ("c", "acc", "miou"): verdict("equivalent", 0.001, -0.001, 0.003),
    ("d", "acc", "miou"): verdict("undecided", 0.01, float("nan"), float("nan")),
    ("a", "cost", "macs"): verdict("worse", 1.0, 1.0, 1.0, source="count"),
}


def test_effects_are_drawn_with_their_margin_and_counts_are_not():
    (figure,) = overview.differences(JUDGED)
    assert [one.kind for one in figure.rows] == ["better", "worse", "equivalent", "undecided"]
    assert (figure.margin, figure.metric) == (0.005, "miou")
    assert figure.rows[3].interval is None
    drawn = drawing.svg(figure).decode()
    assert "+2.00 [+1.00, +3.00] better" in drawn
    assert drawing.svg(figure).decode() == drawn


def test_ratios_are_drawn_as_percent_of_the_baseline():
    judged = {("a", "lat", "p50_ms"): verdict("worse", 1.1, 1.05, 1.15, ratio=True, margin=0.02)}
    (figure,) = overview.differences(judged)
    assert "+10.0 [+5.0, +15.0] worse" in drawing.svg(figure).decode()


def test_what_would_hide_all_others_is_an_arrow_at_the_edge_of_the_scale():
    near = {
        (f"v{at}", "acc", "miou"): verdict("undecided", at / 100, at / 100 - 0.01, at / 100 + 0.01)
        for at in range(-2, 5)
    }
    judged = {**near, ("far", "acc", "miou"): verdict("worse", -0.36, -0.38, -0.34)}
    (figure,) = overview.differences(judged)
    assert [one.label for one in figure.rows if one.beyond] == ["far"]
    assert "Where an arrow leaves the scale, the value is far beyond it." in figure.caption
    canvas, tips = drawing.canvas(figure)
    low, high = canvas.axes[0].get_xlim()
    assert -10 < low < 0 < high < 10
    assert tips[-1].startswith("far: −36.00 [−38.00, −34.00] worse")
    assert f'<g id="tip-{len(tips) - 1}" class="tip">' in drawing.svg(figure).decode()


@pytest.mark.parametrize(
    "last",
    [verdict("worse", -0.05, -0.07, -0.03), verdict("undecided", -0.36, -0.8, 0.08)],
    ids=["near enough", "its interval reaches the others"],
)
def test_no_variant_is_left_off_the_scale_that_fits_on_it(last):
    near = {
        (f"v{at}", "acc", "miou"): verdict("undecided", at / 100, at / 100 - 0.01, at / 100 + 0.01)
        for at in range(4)
    }
    (figure,) = overview.differences({**near, ("last", "acc", "miou"): last})
    assert not any(one.beyond for one in figure.rows)
    assert "arrow" not in figure.caption


def test_half_of_the_variants_are_not_left_off_the_scale_however_far_they_are():
    found = [verdict("equivalent", 0.0, -0.001, 0.001)] * 2 + [verdict("worse", -0.4, -0.5, -0.3)] * 2
    (figure,) = overview.differences({(f"v{at}", "acc", "miou"): one for at, one in enumerate(found)})
    assert not any(one.beyond for one in figure.rows)


@pytest.mark.parametrize(
    "make",
    [
        lambda costly: overview.costs(costly)[0],
        lambda costly: overview.differences(JUDGED)[0],
    ],
)
def test_the_data_of_a_figure_are_inside_it(make, costly):
    figure = make(costly)
    assert drawing.data_of(drawing.svg(figure))["name"] == figure.name


def pictures(seed, wrong):
    """Two images; on the second the variant is wrong on a share of the pixels."""
    truth = np.zeros((20, 30), np.uint8)
    truth[:2] = 255
    rng = np.random.default_rng(0)
    kept = {}
    for at, share in enumerate((0.0, wrong)):
        predicted = truth.copy()
        predicted[2:, : round(30 * share)] = 1
        kept |= {f"name_{at}": np.array(f"image {at}"), f"truth_{at}": truth, f"predicted_{at}": predicted}
        kept[f"image_{at}"] = rng.integers(0, 256, (10, 15, 3), dtype=np.uint8)
    return kept


@pytest.fixture
def pictured(fake, tmp_path):
    facts = {"class_names": list(fake.CLASSES), "palette": fake.PALETTE}
    lines = []
    for name in "ab":
        found = replace(outcome(name, miou=0.5), facts=facts, artefacts=("pictures.npz",), use="accuracy")
        lines.append(fake.Line(name, {}, name == "a", "accuracy", found))
    folder = fake.save(tmp_path, lines) / "data"
    for line, wrong in zip(lines, (0.1, 0.6), strict=True):
        np.savez_compressed(folder / f"{line.outcome.key}-pictures.npz", **pictures(0, wrong))
    return folder


def test_the_image_on_which_variants_differ_most_comes_first(pictured):
    (sheet,) = disagreements(read(pictured))
    assert [strip.title for strip in sheet.strips] == ["image 1 (50.0%)", "image 0 (0.0%)"]
    # a says class 1 on 3 of 30 columns, b on 18: they differ on 15 of 30
    assert sheet.strips[0].panels[0].shape == (20, 30, 3)
    assert "image 1 (50.0%)" in sheet.caption
    drawn = png(sheet)
    assert drawn.startswith(b"\x89PNG")
    assert drawn == png(sheet)


@pytest.mark.parametrize(
    "damage",
    [
        lambda labels: np.full(labels.shape, np.nan),
        lambda labels: labels[:1],
        lambda labels: labels.astype(str),
        lambda labels: np.zeros(()),
        lambda labels: labels.astype(np.int64) + 10**9,
    ],
)
@pytest.mark.parametrize("of", ["truth", "predicted"])
def test_an_image_whose_label_maps_are_none_is_left_out(pictured, damage, of):
    for path in pictured.glob("*-pictures.npz"):
        with np.load(path) as archive:
            kept = dict(archive)
        kept[f"{of}_1"] = damage(kept[f"{of}_1"])
        np.savez_compressed(path, **kept)
    (sheet,) = disagreements(read(pictured))
    assert [strip.title for strip in sheet.strips] == ["image 0 (0.0%)"]


def test_pictures_of_one_variant_alone_make_no_sheet(pictured):
    records = read(pictured)
    assert disagreements(records[:1]) == ()


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_round_limits_hold_what_they_are_around(low, span):
    lower, upper, step = drawing.even_limits(low, low + span)
    assert lower <= low
    assert upper >= low + span
    assert 1 <= len(drawing.round_ticks(lower, upper, step)) <= 12


@given(st.floats(1e-6, 1e12), st.floats(1, 1e4))
def test_round_steps_of_a_logarithmic_axis_hold_what_they_are_around(low, times):
    ticks = drawing.log_ticks(low, low * times)
    assert ticks[0] <= low
    assert ticks[-1] >= low * times * (1 - 1e-12)
    assert len(ticks) >= 2


LONG = [f"{name}, a decoder with a long name, stride {at}" for at in range(10) for name in ("one", "two")]


def drawn_with_twenty_variants():
    """Every kind of figure of a study with twenty variants of long names."""
    values = [0.5 + at / 100 for at in range(len(LONG))]
    both = list(zip(LONG, values, strict=True))
    yield Scatter("s", "", "macs", "miou", tuple(Point(one, 1e9 * v, v, None, (0.0, 1.0)) for one, v in both))
    rows = tuple(Row(one, v, (0.1, v), "better", "n") for one, v in both)
    yield Rows("e", "", "miou", rows, "differences", margin=0.005)
    curves = [Curve(one, one, one, one, (1.0, 2.0, 4.0), (v / 2, v, v)) for one, v in both]
    yield Figure("c", "", "miou", "x", tuple(curves), heading="mIoU in the band (%)")
    yield Rows("l", "", "p50_ms", tuple(Row(one, 9 * v, (8 * v, 9 * v)) for one, v in both))
    yield Bars("b", "", "macs", ("encoder", "decoder"), tuple(Bar(one, (1e9 * v, 1e9)) for one, v in both))


@pytest.mark.parametrize(
    "figure", list(drawn_with_twenty_variants()), ids=lambda figure: type(figure).__name__
)
def test_twenty_variants_with_long_names_fit_into_a_figure_and_names_do_not_overlap(figure):
    with drawing.plain_style():
        canvas, _ = drawing.canvas(figure)
        FigureCanvasAgg(canvas).draw()
        size = canvas.bbox
        named = []
        for text in canvas.findobj(Text):
            if not text.get_visible() or not text.get_text().strip():
                continue
            # an annotation's own extent takes in its line
            box = Text.get_window_extent(text)
            assert size.x0 <= box.x0 < box.x1 <= size.x1, text.get_text()
            assert size.y0 <= box.y0 < box.y1 <= size.y1, text.get_text()
            named += [box] if "long name" in text.get_text() else []
    assert len(named) >= 6
    for at, one in enumerate(named):
        # what touches in a line or two of the screen is still read
        assert not any(one.padded(-1.5).overlaps(other.padded(-1.5)) for other in named[at + 1 :])
