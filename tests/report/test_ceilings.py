from dataclasses import replace
from itertools import pairwise

import pytest

from segablate.report import drawing
from segablate.report.data import read
from segablate.report.figures import Figure
from segablate.report.readers.oracle import Oracle, baseline_and_best, ceilings


@pytest.fixture
def records_of(fake, tmp_path):
    return lambda lines: read(fake.save(tmp_path, lines, pictures=False) / "data")


def figures(records):
    return [one for one in Oracle().figures(records) if isinstance(one, Figure)]


def per_class(records):
    return Oracle().details(records)[-1].blocks[0]


def test_an_upsampler_is_named_by_what_sets_it_apart(fake, records_of):
    plain = fake.oracle("dupsampling", 64, 16)
    spec = {"use": "dupsampling", "channels": 64, "bias": True}
    centred = replace(plain, key="centred", reads={**plain.reads, "upsampler": spec})
    lines = [
        fake.Line("a", {"model.upsampler": "a"}, True, "project", plain),
        fake.Line("b", {"model.upsampler": "b"}, False, "project", centred),
    ]
    assert [one.name for one in ceilings(records_of(lines))] == [
        "DUpsampling (C̃ = 64)",
        "DUpsampling, bias (C̃ = 64)",
    ]


def test_another_axis_is_part_of_the_name(fake, records_of):
    lines = [
        fake.Line(
            data, {"data": data}, False, "project", replace(fake.oracle("bilinear", None, 16), key=data)
        )
        for data in ("voc", "camvid")
    ]
    assert [one.name for one in ceilings(records_of(lines))] == ["bilinear, voc", "bilinear, camvid"]


def test_a_record_of_another_measure_is_no_ceiling(fake, records_of):
    other = replace(fake.oracle("bilinear", None, 16), reads={"model": "x"}, use="accuracy")
    assert ceilings(records_of([fake.Line("a", {}, True, "accuracy", other)])) == ()


def test_the_curve_over_channels_has_a_line_per_stride_and_levels_for_the_others(fake, records_of):
    over, _ = figures(records_of(fake.study(measures=["project"])))
    lines = {curve.label: curve for curve in over.curves}
    assert len(lines) == 9
    assert lines["DUpsampling, 1/16"].x == (16.0, 64.0, 256.0)
    assert lines["bilinear, 1/32"].x == ()
    assert lines["bilinear, 1/32"].y == (fake.oracle("bilinear", None, 32).value("miou"),)


def test_the_curve_over_the_stride_has_a_line_per_upsampler(fake, records_of):
    _, over = figures(records_of(fake.study(measures=["project"])))
    assert [curve.label for curve in over.curves] == [
        "bilinear",
        "nearest",
        "DUpsampling (C̃ = 16)",
        "DUpsampling (C̃ = 64)",
        "DUpsampling (C̃ = 256)",
    ]
    assert all(curve.x == (8.0, 16.0, 32.0) for curve in over.curves)


def test_each_measure_has_its_own_figures_and_says_its_n(fake, records_of):
    drawn = figures(records_of(fake.study()))
    assert len({figure.name for figure in drawn}) == 4
    assert "optimise, n = 120 images" in drawn[-1].caption


def test_measures_whose_labels_look_alike_in_a_file_name_do_not_share_one(fake, records_of):
    lines = [replace(line, measure={"project": "é", "optimise": "ü"}[line.measure]) for line in fake.study()]
    assert len({figure.name for figure in figures(records_of(lines))}) == 4


def test_one_stride_and_one_width_are_no_curve(fake, records_of):
    assert figures(records_of(fake.study([16], [64]))) == []


def test_a_failed_cell_leaves_a_gap_in_its_curve_only(fake, records_of):
    lines = fake.study(measures=["project"])
    at = next(i for i, line in enumerate(lines) if line.variant == "output_stride=16, DUp-64")
    lines[at] = replace(lines[at], outcome=fake.failed("no"))
    over, _ = figures(records_of(lines))
    assert {c.label: len(c.x) for c in over.curves if c.x} == {
        "DUpsampling, 1/8": 3,
        "DUpsampling, 1/16": 2,
        "DUpsampling, 1/32": 3,
    }


def test_a_drawing_has_the_same_bytes_each_time_and_carries_no_date(fake, records_of):
    figure = figures(records_of(fake.study()))[0]
    first = drawing.svg(figure)
    assert first == drawing.svg(figure)
    assert b"dc:date" not in first


def test_a_drawing_ignores_the_readers_own_settings(fake, records_of):
    import matplotlib

    figure = figures(records_of(fake.study()))[0]
    first = drawing.svg(figure)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert drawing.svg(figure) == first


def test_a_drawing_tells_its_data(fake, records_of):
    figure = figures(records_of(fake.study()))[0]
    odd = replace(figure, caption="<&>\"' $x$ é")
    told = drawing.data_of(drawing.svg(odd))
    assert told["caption"] == odd.caption
    assert told["curves"][0]["y"] == list(odd.curves[0].y)
    assert drawing.data_of(b"<svg></svg>") is None


def test_a_perfect_ceiling_and_a_useless_one_can_be_drawn(fake, records_of):
    figure = figures(records_of(fake.study()))[0]
    curves = tuple(replace(curve, y=tuple(1.0 for _ in curve.y)) for curve in figure.curves)
    drawing.svg(replace(figure, curves=curves))
    drawing.svg(replace(figure, curves=(*curves, replace(curves[0], y=(0.0,)))))


@pytest.mark.parametrize("places", [[0.5] * 9, [0.0, 0.01, 0.02, 1.0], [1.0, 1.0], [0.3], [0.0] * 30])
def test_names_beside_a_figure_do_not_overlap_and_stay_beside_it(places):
    moved = drawing.apart(places)
    gap = min(0.055, 1 / max(1, len(places) - 1))
    spread = sorted(moved)
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(spread))
    assert min(moved) >= -1e-9
    assert max(moved) <= 1 + 1e-9


def test_the_classes_are_told_for_the_baseline_and_the_best_at_each_stride(fake, records_of):
    records = records_of(fake.study())
    chosen = [one for both in baseline_and_best(records).values() for one in both]
    assert [(one.stride, one.name, one.measure) for one in chosen] == [
        (stride, name, "project") for stride in (8, 16, 32) for name in ("bilinear", "DUpsampling (C̃ = 256)")
    ]


def test_the_classes_that_lose_most_are_named(fake, records_of):
    records = records_of(fake.study(measures=["project"]))
    table = per_class(records)
    assert [row[0].text for row in table.rows] == list(fake.CLASSES)
    assert table.below[1].startswith("1/8, bilinear: bicycle (")


def test_of_many_classes_the_worst_are_shown_in_their_order(fake, records_of):
    names = [f"class {i}" for i in range(150)]
    facts = {"class_names": names, "images": 5, "per_class_iou": {str(i): 1 - i / 1000 for i in range(150)}}
    line = fake.Line("a", {}, True, "project", replace(fake.oracle("bilinear", None, 16), facts=facts))
    records = records_of([line])
    table = per_class(records)
    assert [row[0].text for row in table.rows] == names[110:]
    assert "Of 150 classes the 40" in table.below[-1]


def test_a_class_that_does_not_occur_is_a_dash_or_no_row(fake, records_of):
    lines = fake.study([16], [64], ["project"])
    for i, scores in enumerate(({"0": 0.9, "1": 0.8}, {"0": 0.9}, {"0": 0.99})):
        outcome = lines[i].outcome
        lines[i] = replace(
            lines[i], outcome=replace(outcome, facts={**outcome.facts, "per_class_iou": scores})
        )
    records = records_of(lines)
    table = per_class(records)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["background", "90.00", "99.00"],
        ["aeroplane", "80.00", "–"],
    ]


def line(fake, use, *, baseline=False, **more):
    choices = {**more, "model.upsampler": use}
    found = fake.oracle(use, None, 8)
    found = replace(found, key="-".join([found.key, *more.values()]))
    return fake.Line(", ".join([use, *more.values()]), choices, baseline, "project", found)


def test_a_baseline_that_is_the_best_has_one_column(fake, records_of):
    records = records_of([line(fake, "bilinear", baseline=True), line(fake, "nearest")])
    ((base, best),) = baseline_and_best(records).values()
    assert (base.name, best) == ("bilinear", base)
    assert per_class(records).head == ("class", "1/8: bilinear")


def test_ceilings_of_other_data_are_not_raced_with(fake, records_of):
    lines = [
        line(fake, use, baseline=(use, place) == ("bilinear", "easy"), data=place)
        for place in ("easy", "hard")
        for use in ("bilinear", "nearest")
    ]
    records = records_of(lines)
    ((base, best),) = baseline_and_best(records).values()
    assert {one.record.choices["data"] for one in (base, best)} == {"easy"}


def test_codes_of_limited_length_are_drawn_over_their_bits_whatever_the_measure_is_called(fake, records_of):
    def line(name, spec, bits, measure):
        plain = fake.oracle("bilinear", None, 16)
        taken = (*plain.measurements, replace(plain.measurements[0], metric="code_bits", samples=(bits,)))
        reads = {**plain.reads, "upsampler": spec}
        outcome = replace(plain, key=f"{name}{measure}", reads=reads, measurements=taken)
        return fake.Line(name, {"model.upsampler": name}, False, measure, outcome)

    lines = [line(f"k-means-{b}", {"use": "codebook", "bits": b}, float(b), "bits-4") for b in (4, 8)]
    linear = {"use": "dupsampling", "channels": 32}
    lines += [line("DUpsampling-32", linear, 32.0 * b, f"bits-{b}") for b in (2, 4)]
    records = records_of(lines)
    assert [one.name for one in ceilings(records)][:2] == ["codebook (4 bits)", "codebook (8 bits)"]
    drawn = figures(records)[0]
    assert drawn.name == "ceiling-over-bits"
    assert {curve.label: curve.x for curve in drawn.curves} == {
        "codebook, 1/16": (4.0, 8.0),
        "DUpsampling (C̃ = 32), 1/16": (64.0, 128.0),
    }
