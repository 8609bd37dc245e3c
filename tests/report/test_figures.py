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
from segablate.report import draw, draw_contrast, draw_effects, effects, looks, tradeoffs
from segablate.report.ceilings import baseline_choices, ceilings
from segablate.report.class_dots import of_accuracy, of_ceilings
from segablate.report.contrasts import contrasts, differing
from segablate.report.data import read
from segablate.report.draw_scatter import front
from segablate.report.figures import (
    Bar,
    Bars,
    Curve,
    Dots,
    Effect,
    Effects,
    Figure,
    Point,
    Scatter,
    Series,
    Span,
    Spans,
)
from segablate.report.trainings import trainings

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
    (figure,) = tradeoffs.figures(costly)
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
    assert tradeoffs.figures(read(report / "data")) == ()


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
    (figure,) = effects.figures(JUDGED)
    assert [one.kind for one in figure.effects] == ["better", "worse", "equivalent", "undecided"]
    assert (figure.margin, figure.metric) == (0.005, "miou")
    assert figure.effects[3].interval is None
    drawn = draw.svg(figure).decode()
    assert "+2.00 [+1.00, +3.00] better" in drawn
    assert draw.svg(figure).decode() == drawn


def test_ratios_are_drawn_as_percent_of_the_baseline():
    judged = {("a", "lat", "p50_ms"): verdict("worse", 1.1, 1.05, 1.15, ratio=True, margin=0.02)}
    (figure,) = effects.figures(judged)
    assert "+10.0 [+5.0, +15.0] worse" in draw.svg(figure).decode()


def test_what_would_hide_all_others_is_an_arrow_at_the_edge_of_the_scale():
    near = {
        (f"v{at}", "acc", "miou"): verdict("undecided", at / 100, at / 100 - 0.01, at / 100 + 0.01)
        for at in range(-2, 5)
    }
    judged = {**near, ("far", "acc", "miou"): verdict("worse", -0.36, -0.38, -0.34)}
    (figure,) = effects.figures(judged)
    assert [one.label for one in figure.effects if one.beyond] == ["far"]
    assert "Where an arrow leaves the scale, the value is far beyond it." in figure.caption
    canvas, tips = draw_effects.canvas(figure)
    low, high = canvas.axes[0].get_xlim()
    assert -10 < low < 0 < high < 10
    assert tips[-1].startswith("far: −36.00 [−38.00, −34.00] worse")
    assert f'<g id="tip-{len(tips) - 1}" class="tip">' in draw.svg(figure).decode()


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
    (figure,) = effects.figures({**near, ("last", "acc", "miou"): last})
    assert not any(one.beyond for one in figure.effects)
    assert "arrow" not in figure.caption


def test_half_of_the_variants_are_not_left_off_the_scale_however_far_they_are():
    found = [verdict("equivalent", 0.0, -0.001, 0.001)] * 2 + [verdict("worse", -0.4, -0.5, -0.3)] * 2
    (figure,) = effects.figures({(f"v{at}", "acc", "miou"): one for at, one in enumerate(found)})
    assert not any(one.beyond for one in figure.effects)


def test_dots_by_class_have_a_marker_each(fake, report):
    records = read(report / "data")
    (figure,) = of_ceilings(ceilings(records), baseline_choices(records))
    assert set(figure.rows) <= set(fake.CLASSES)
    assert len(figure.series) <= len(looks.MARKERS)
    drawn = draw.svg(figure).decode()
    known = sum(value is not None for one in figure.series for value in one.values)
    assert len(re.findall('class="tip"><title>', drawn)) == known


def test_dots_of_accuracy_are_means_over_seeds(fake, tmp_path):
    lines = []
    for name, base in (("b", 0.5), ("a", 0.6)):
        for seed, shift in enumerate((0.0, 0.1, 0.02)):
            facts = {"per_class_iou": {"0": base + shift}, "class_names": ["road"]}
            found = replace(outcome(name, seed, miou=base), facts=facts, use="accuracy")
            lines.append(fake.Line(name, {}, name == "a", "accuracy", found, seed))
    (figure,) = of_accuracy(trainings(read(fake.save(tmp_path, lines) / "data")))
    assert [(one.label, one.values) for one in figure.series] == [
        ("b", (pytest.approx(0.54),)),
        ("a", (pytest.approx(0.64),)),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda costly: tradeoffs.figures(costly)[0],
        lambda costly: effects.figures(JUDGED)[0],
    ],
)
def test_the_data_of_a_figure_are_inside_it(make, costly):
    figure = make(costly)
    assert draw.data_of(draw.svg(figure))["name"] == figure.name


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
        found = replace(outcome(name, miou=0.5), facts=facts, artefacts=("pictures.npz",))
        lines.append(fake.Line(name, {}, name == "a", "accuracy", found))
    folder = fake.save(tmp_path, lines) / "data"
    for line, wrong in zip(lines, (0.1, 0.6), strict=True):
        np.savez_compressed(folder / f"{line.outcome.key}-pictures.npz", **pictures(0, wrong))
    return folder


def test_the_image_on_which_variants_differ_most_comes_first(pictured):
    (sheet,) = contrasts(read(pictured))
    assert [scene.name for scene in sheet.scenes] == ["image 1", "image 0"]
    # a says class 1 on 3 of 30 columns, b on 18: they differ on 15 of 30
    assert sheet.scenes[0].share == pytest.approx(0.5)
    assert sheet.scenes[0].image.shape == (20, 30, 3)
    assert "image 1 (50.0%)" in sheet.caption
    drawn = draw_contrast.draw(sheet)
    assert drawn.startswith(b"\x89PNG")
    assert drawn == draw_contrast.draw(sheet)


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
    (sheet,) = contrasts(read(pictured))
    assert [scene.name for scene in sheet.scenes] == ["image 0"]


def test_pictures_of_one_variant_alone_make_no_sheet(pictured):
    records = read(pictured)
    assert contrasts(records[:1]) == ()


@given(st.integers(0, 3), st.integers(1, 4))
def test_what_differs_is_a_share_of_the_scored_pixels(apart, ignored):
    truth = np.zeros((4, 4), np.uint8)
    truth[:, :ignored] = 255
    other = truth.copy()
    other[:apart] = 2
    scored = truth < 5
    wanted = (other != truth)[scored].mean() if scored.any() else 0.0
    assert differing(truth, [truth, other], 5) == pytest.approx(wanted)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_round_limits_hold_what_they_are_around(low, span):
    lower, upper, step = looks.even_limits(low, low + span)
    assert lower <= low
    assert upper >= low + span
    assert 1 <= len(looks.round_ticks(lower, upper, step)) <= 12


@given(st.floats(1e-6, 1e12), st.floats(1, 1e4))
def test_round_steps_of_a_logarithmic_axis_hold_what_they_are_around(low, times):
    ticks = looks.log_ticks(low, low * times)
    assert ticks[0] <= low
    assert ticks[-1] >= low * times * (1 - 1e-12)
    assert len(ticks) >= 2


LONG = [f"{name}, a decoder with a long name, stride {at}" for at in range(10) for name in ("one", "two")]


def drawn_with_twenty_variants():
    """Every kind of figure of a study with twenty variants of long names."""
    values = [0.5 + at / 100 for at in range(len(LONG))]
    both = list(zip(LONG, values, strict=True))
    yield Scatter("s", "", "macs", "miou", tuple(Point(one, 1e9 * v, v, None, (0.0, 1.0)) for one, v in both))
    yield Effects(
        "e", "", "miou", False, 0.95, 0.005, tuple(Effect(o, "better", v, (0.1, v), "n") for o, v in both)
    )
    curves = [Curve(one, one, one, one, (1.0, 2.0, 4.0), (v / 2, v, v)) for one, v in both]
    yield Figure("c", "", "miou", "x", tuple(curves), "mIoU in the band (%)")
    yield Spans("l", "", "p50_ms", tuple(Span(one, 9 * v, (8 * v, 9 * v)) for one, v in both))
    yield Bars("b", "", "macs", ("encoder", "decoder"), tuple(Bar(one, (1e9 * v, 1e9)) for one, v in both))
    yield Dots("d", "", "iou", ("road", "car"), tuple(Series(one, (v, v)) for one, v in both[:6]))


@pytest.mark.parametrize(
    "figure", list(drawn_with_twenty_variants()), ids=lambda figure: type(figure).__name__
)
def test_twenty_variants_with_long_names_fit_into_a_figure_and_names_do_not_overlap(figure):
    with draw._plain_style():
        canvas, _ = draw.drawing(figure)
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
