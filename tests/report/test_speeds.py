"""What a page says of times: where they were taken, how they grow, and what is printed beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from segablate.records import Measurement, Outcome
from segablate.report import drawing
from segablate.report.blocks import Bullets
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.figures import Figure, Rows
from segablate.report.formats.md import markdown
from segablate.report.page import page
from segablate.report.published import compare, load, published
from segablate.report.readers.latency import Latency, growths, speeds
from segablate.report.table import results

STUDY = StudyFacts(
    name="speed",
    question="Which is faster?",
    expect="",
    cite="",
    published="",
    command="segablate run studies/speed.yaml",
    study_file="studies/speed.yaml",
)


def sentences(records: Sequence[Record]) -> list[str]:
    """What is said of times in the folded part of a page."""
    (section,) = Latency().details(records)
    (bullets,) = section.blocks
    assert isinstance(bullets, Bullets)
    return list(bullets.items)


UAFM = {"use": "uafm", "attention": "spatial", "maximum": True}


def record(
    variant: str,
    times: Sequence[float],
    *,
    seed: int = 0,
    baseline: bool = False,
    choices: dict[str, str] | None = None,
    busy: float | None = None,
    **changes: object,
) -> Record:
    """One repeat of a variant on a made-up machine."""
    reads = {
        "model": {
            "encoder": {"use": "stdc1"},
            "context": {"use": "sppm"},
            "decoder": {"use": "fld", "channels": [32, 64, 128], "variant": variant, "fusion": UAFM},
        },
        "size": [512, 1024],
        "batch": 1,
        "classes": 19,
        "scope": "labels",
        "precision": "fp32",
        "runtime": "eager",
        "device": "cpu",
        "device_name": "Example CPU",
        "threads": 2,
        **changes,
    }
    taken = (
        Measurement("p50_ms", tuple(times), "median of all passes"),
        Measurement("fps", (1000 / min(times),), "images a second"),
    )
    outcome = Outcome(f"{variant}-{seed}", "done", reads, taken, facts={"busy": busy, "flags": []})
    axes = choices or {"model": variant}
    return Record(Path(), variant, axes, baseline, "latency", seed, "", outcome, use="latency")


@pytest.fixture
def two() -> list[Record]:
    """A baseline of about 10 ms and a variant of about 12, three processes each."""
    made = []
    for seed, shift in enumerate((1.0, 1.01, 0.99)):
        made.append(record("A", [10 * shift] * 3, seed=seed, baseline=True))
        made.append(record("B", [12 * shift] * 3, seed=seed))
    return made


def scaling(exponent: float, **changes: object) -> list[Record]:
    """Times that grow with the pixels, three processes each."""
    made = []
    for height in (128, 256, 512, 1024):
        ms = 10 * (height * 2 * height / 2**17) ** exponent
        for seed, shift in enumerate((1.0, 1.1, 0.9)):
            choices = {"model.use": "T", "input.size": f"{height}×{2 * height}"}
            size = [height, 2 * height]
            name = f"T, {height}"
            made.append(record(name, [ms * shift], seed=seed, choices=choices, size=size, **changes))  # type: ignore[arg-type]  # settings of any type
    return made


def test_repeats_are_one_time_with_an_interval_between_processes(two: list[Record]) -> None:
    first, second = speeds(two)
    assert (first.variant, first.middle, len(first.medians)) == ("A", 10.0, 3)
    low, high = first.interval or (0.0, 0.0)
    # Student's t of 2 degrees of freedom over three logarithms
    assert (low, high) == pytest.approx((9.755, 10.251), abs=2e-3)
    assert second.shown().startswith("12.00 ms [11.")


def test_one_process_has_no_interval() -> None:
    (one,) = speeds([record("A", [10.0, 10.1, 9.9])])
    assert one.interval is None
    assert one.shown() == "10.00 ms"


def test_a_cpu_is_named_in_the_line_below_the_title_and_in_the_headings(two: list[Record]) -> None:
    heads = results(two).head
    assert heads[1:] == ("latency, median (ms), CPU", "throughput (FPS), CPU")
    assert "CPU (Example CPU)" in markdown(page(STUDY, two)).split("\n")[2]


def test_a_gpu_is_named_in_the_headings_alone() -> None:
    gpu = [record("A", [1.0], device="cuda", device_name="Example GPU")]
    assert results(gpu).head[1].endswith(", Example GPU")


def test_two_devices_are_told_in_the_heading_and_not_ranked_together(two: list[Record]) -> None:
    mixed = [*two, record("C", [1.0], device="cuda", device_name="Example GPU")]
    assert results(mixed).head[1].endswith(", several devices")
    assert "fastest is A (10.00 ms" in Latency().answer(mixed, "latency")


@pytest.mark.parametrize(
    "change", [{"precision": "fp16"}, {"scope": "forward"}, {"device_name": "Another CPU"}]
)
def test_other_conditions_never_share_a_ranking_or_a_bold_mark(
    two: list[Record], change: dict[str, str]
) -> None:
    mixed = [*two, record("C", [1.0], **change)]  # type: ignore[arg-type]  # settings of any type
    assert "fastest is A (10.00 ms" in Latency().answer(mixed, "latency")
    assert not any(cell.bold for row in results(mixed).rows for cell in row)
    (drawn,) = Latency().figures(mixed)
    assert isinstance(drawn, Rows)
    assert [row.label for row in drawn.rows] == ["A", "B"]


def test_the_answer_tells_the_baseline_and_the_ends(two: list[Record]) -> None:
    assert sentences(two) == [
        "Under latency (CPU (Example CPU), 2 threads, fp32, scope labels, eager, batch 1, 512×1024; "
        "3 fresh processes) the baseline (A) takes 10.00 ms [9.75, 10.25]."
    ]
    assert "slowest B (12.00 ms" in Latency().answer(two, "latency")


@pytest.mark.parametrize("exponent", [1.0, 0.4])
def test_the_exponent_of_growth_is_fitted(exponent: float) -> None:
    (grown,) = growths(speeds(scaling(exponent)))
    assert grown.law.overall.value == pytest.approx(exponent)
    assert grown.law.overall.half == pytest.approx(0.0, abs=1e-9)
    assert [one.value for one in grown.law.local] == pytest.approx([exponent] * 3)
    assert grown.law.fits is True
    assert [amount for amount, _ in grown.points] == [2.0**n for n in (15, 17, 19, 21)]


def test_where_one_exponent_does_not_fit_each_step_is_told() -> None:
    rows = [
        replace(row, outcome=replace(row.outcome, measurements=(_later(row.outcome.measurements[0]),)))
        for row in scaling(1.0)
        if row.outcome
    ]
    (grown,) = growths(speeds(rows))
    assert grown.law.fits is False
    said = sentences(rows)[-1]
    assert said.startswith(
        "T: no single exponent describes how time grows with pixels (32,768 to 2,097,152 pixels): it is "
    )
    assert re.search(
        r"0\.\d\d ± 0\.\d\d up to 131,072, .* and 0\.\d\d ± 0\.\d\d up to 2,097,152; one for", said
    )


def _later(taken: Measurement) -> Measurement:
    """A time with a fixed part."""
    return replace(taken, samples=tuple(sample + 5.0 for sample in taken.samples))


def test_with_one_process_the_exponent_has_no_interval() -> None:
    single = [one for one in scaling(1.0) if one.seed == 0]
    (grown,) = growths(speeds(single))
    assert math.isinf(grown.law.overall.half)
    assert "±" not in sentences(single)[-1]


def test_where_launching_decides_is_told_on_a_gpu_only() -> None:
    assert "kernels" not in sentences(scaling(1.0))[-1]
    gpu = scaling(0.2, device="cuda", device_name="Example GPU", busy=0.3)
    assert "kernels run 30 %, 30 %, 30 % and 30 % of a pass" in sentences(gpu)[-1]


def test_growth_is_drawn_over_megapixels_with_its_exponent() -> None:
    (drawn,) = Latency().figures(scaling(1.0))
    assert isinstance(drawn, Figure)
    assert drawn.name == "latency-over-pixels-latency"
    assert drawn.curves[0].label == "T (∝ pixels^1.00)"
    assert drawn.curves[0].x == (0.033, 0.131, 0.524, 2.097)


def test_every_picture_can_be_drawn_and_read_back(two: list[Record]) -> None:
    for figure in (*Latency().figures(two), *Latency().figures(scaling(1.0))):
        drawn = drawing.svg(figure)
        assert drawing.data_of(drawn)["name"] == figure.name
        assert drawing.svg(figure) == drawn


def test_published_frames_per_second_stand_beside_and_are_not_compared() -> None:
    reference = load("pp-liteseg.table2-speed")
    shifts = enumerate((1.0, 1.01, 0.99))
    two = [record(name, [10 * by] * 3, seed=seed) for seed, by in shifts for name in ("released", "paper")]
    compared = compare(reference, two)
    assert {(one.row, one.variant, one.verdict) for one in compared} == {
        ("PP-LiteSeg-T1", "released", "not comparable"),
    }
    table = published(reference, compared).blocks[-1]
    assert {row[4].text for row in table.rows} == {"–"}
    assert "GTX 1080Ti" in published(reference, compared).blocks[-2].items[2]
    # the mean over the processes stands there, as in the table
    assert compared[0].measured == pytest.approx((100 + 100 / 1.01 + 100 / 0.99) / 3)


@pytest.mark.parametrize(
    ("table", "rows", "printed"),
    [
        ("table2-speed", 18, (30.3, 273.6)),
        ("table3-speed", 5, (102.6, 110.9)),
        ("table4-speed", 4, (152.2, 222.3)),
    ],
)
def test_the_references_hold_what_is_printed(table: str, rows: int, printed: tuple[float, float]) -> None:
    values = [row["values"][0] for row in load(f"pp-liteseg.{table}").rows]
    assert (len(values), min(values), max(values)) == (rows, *printed)


def test_two_sizes_of_equally_many_pixels_have_no_step_between_them() -> None:
    sizes = [(64, 64), (128, 128), (256, 256), (512, 1024), (1024, 512)]
    rows = [
        record(f"A, {h}×{w}", [float(h * w)], choices={"input.size": f"{h}×{w}"}, size=[h, w])
        for h, w in sizes
    ]
    (grown,) = growths(speeds(rows))
    assert [one.value for one in grown.law.local] == pytest.approx([1.0, 1.0, 1.0])
