"""What the page says of trained variants: tables, curves, and how they stand to their ceilings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segablate.records import Measurement, Outcome
from segablate.report.caveats import caveats
from segablate.report.data import Record, read
from segablate.report.drawing import data_of, svg
from segablate.report.facts import StudyFacts
from segablate.report.formats.md import markdown
from segablate.report.opening import line
from segablate.report.page import page
from segablate.report.protocol import protocol
from segablate.report.readers import oracle as joined
from segablate.report.readers.accuracy import Accuracy, sizes_and_borders, trainings, where_from
from segablate.report.readers.oracle import ceilings

FACTS = StudyFacts("made-up", "What holds it back?", "", "", "", "segablate run x.yaml", "x.yaml")
NAMES = ["sky", "road", "pole"]


def by_class(records: Sequence[Record]) -> Any:
    return Accuracy().details(records)[0].blocks[0]


def figures(records: Sequence[Record]) -> dict[str, Any]:
    return {one.name: one for one in Accuracy().figures(records)}


def accuracy(variant: str, seed: int, miou: float, **changes: Any) -> Outcome:
    """An outcome as the measure `accuracy` gives it."""
    scores = {"miou": miou, "pixel_accuracy": 1 - (1 - miou) / 2, "boundary_iou": miou - 0.2}
    made = Outcome(
        key=f"accuracy-{variant}-{seed}",
        status="done",
        reads={"recipe": {"use": "quick"}, "scored": "abc", "limit": None, "model": {"upsampler": variant}},
        measurements=tuple(
            Measurement(metric, (value,), "over all images") for metric, value in scores.items()
        ),
        facts={
            "per_class_iou": {"0": miou + 0.1, "1": miou, "2": miou - 0.1},
            "class_names": NAMES,
            "trimap": {"1": miou - 0.3, "2": miou - 0.2, "16": miou - 0.1},
            "by_size": {"small": miou - 0.4, "large": miou},
            "images": 233,
            "iterations": 200,
        },
        artefacts=("curve.npz", "curve.csv"),
        machine={"cpu": "x"},
    )
    return replace(made, **changes)


def curve(seed: int) -> np.ndarray:
    """Iterations, losses, rates and temperatures."""
    at = np.arange(1.0, 201)
    return np.stack([at, 2 / np.sqrt(at) + 0.01 * seed, at * 0, at * np.nan], axis=1)


def bound(fake: Any, use: str, miou: float, *, stride: int = 16, **reads: Any) -> Outcome:
    """A ceiling with a given mIoU*, over the label maps that the accuracy is scored on."""
    made: Outcome = fake.oracle(use, None, stride)
    taken = (Measurement("miou", (miou,), "over all images"),)
    return replace(
        made,
        key=f"{use}-{stride}-{miou}",
        reads={**made.reads, "scored": "abc", "limit": None, **reads},
        measurements=taken,
        artefacts=(),
    )


@pytest.fixture
def records(fake: Any, tmp_path: Path) -> Sequence[Record]:
    """Two variants of three seeds each, with ceilings."""
    lines = []
    for variant, miou, ceiling in (("bilinear", 0.76, 0.971), ("nearest", 0.85, 0.9)):
        choices = {"model.upsampler": variant}
        base = variant == "bilinear"
        lines.append(fake.Line(variant, choices, base, "ceiling", bound(fake, variant, ceiling)))
        for seed in range(3):
            found = accuracy(variant, seed, miou + 0.01 * (seed - 1))
            lines.append(fake.Line(variant, choices, base, "accuracy", found, seed=seed))
    folder = fake.save(tmp_path / "study", lines)
    for variant in ("bilinear", "nearest"):
        for seed in range(3):
            path = folder / "data" / f"accuracy-{variant}-{seed}-curve.npz"
            np.savez(path, curve=curve(seed))
    return read(folder / "data")


def texts(table: Any) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_the_table_shows_the_mean_over_seeds_and_every_seed_is_a_sample(records: Sequence[Record]) -> None:
    made = page(FACTS, records)
    assert made.main is not None
    column = made.main.head.index("mIoU (%)")
    assert made.main.rows[0][column].text == "76.0 ± 1.0"
    (one, _) = trainings(records)
    assert one.seeds == 3
    assert one.miou == pytest.approx(0.76)


def test_the_join_says_what_the_upsampler_can_cost_and_what_the_model_loses(
    records: Sequence[Record],
) -> None:
    both = joined.joins(trainings(records), ceilings(records))
    titled: Any = joined.reached(both)
    assert titled.title == "Reached beside the ceiling"
    assert texts(titled.blocks[0]) == [
        ["bilinear", "76.00", "97.10", "ceiling", "2.90", "21.10"],
        ["nearest", "85.00", "90.00", "ceiling", "10.00", "5.00"],
    ]
    assert titled.blocks[0].notes == ()


def test_the_answer_says_whether_the_upsampler_holds_the_model_back(records: Sequence[Record]) -> None:
    answer = joined.sentences(joined.joins(trainings(records), ceilings(records)))
    assert answer[0] == (
        "From 1/16 bilinear can cost 2.9 points at most; bilinear is 21.1 below its ceiling: "
        "the upsampler is not what holds it back."
    )
    assert answer[1:] == [
        "1 of 2 networks lose more than their upsampler can explain.",
        "The others are nearest.",
    ]


def test_a_model_at_its_ceiling_may_be_held_back_by_its_upsampler(fake: Any, tmp_path: Path) -> None:
    lines = [
        fake.Line("a", {}, True, "ceiling", bound(fake, "bilinear", 0.8)),
        fake.Line("a", {}, True, "accuracy", accuracy("a", 0, 0.81)),
    ]
    records = read(fake.save(tmp_path / "s", lines) / "data")
    (said,) = joined.sentences(joined.joins(trainings(records), ceilings(records)))
    assert said.endswith("a is 1.0 above its ceiling: the upsampler may be what holds it back.")


def test_of_several_ceilings_the_highest_over_the_same_label_maps_counts(fake: Any, tmp_path: Path) -> None:
    lines = [
        fake.Line("a", {}, True, "projected", bound(fake, "bilinear", 0.90)),
        fake.Line("a", {}, True, "searched", bound(fake, "bilinear", 0.95)),
        fake.Line("a", {}, True, "sample", bound(fake, "bilinear", 0.99, limit=10)),
        fake.Line("a", {}, True, "accuracy", accuracy("a", 0, 0.5)),
    ]
    records = read(fake.save(tmp_path / "s", lines) / "data")
    (one,) = joined.joins(trainings(records), ceilings(records))
    assert one.ceiling.measure == "searched"
    others = [record for record in records if record.measure in ("sample", "accuracy")]
    (one,) = joined.joins(trainings(others), ceilings(others))
    titled: Any = joined.reached([one])
    assert titled.blocks[0].notes == ("not over the same label maps as the accuracy",)
    assert titled.blocks[0].rows[0][2].note == 1


def test_a_variant_without_a_ceiling_is_not_joined(fake: Any, tmp_path: Path) -> None:
    lines = [
        fake.Line("a", {}, True, "ceiling", bound(fake, "bilinear", 0.9)),
        fake.Line("b", {}, False, "accuracy", accuracy("b", 0, 0.5)),
    ]
    made = page(FACTS, read(fake.save(tmp_path / "s", lines) / "data"))
    assert "Reached beside the ceiling" not in [one.title for one in made.sections]


def test_a_trained_variant_makes_the_doubt_about_ceilings_go_away(
    records: Sequence[Record],
) -> None:
    doubts = [one.doubt for one in caveats(records)]
    assert not any(doubt.startswith("mIoU* says") for doubt in doubts)


def test_classes_are_shown_with_their_mean_over_seeds(records: Sequence[Record]) -> None:
    table = by_class(records)
    assert table is not None
    assert table.head == ("class", "bilinear (baseline)", "nearest")
    assert texts(table) == [["sky", "86.00", "95.00"], ["road", "76.00", "85.00"], ["pole", "66.00", "75.00"]]
    assert table.below == ("IoU (%) under accuracy, mean over 3 seeds.",)


def test_of_many_variants_the_baseline_and_the_best_are_shown_by_class(fake: Any, tmp_path: Path) -> None:
    lines = [
        fake.Line(f"v{n}", {}, n == 0, "accuracy", accuracy(f"v{n}", 0, 0.5 + n / 100)) for n in range(9)
    ]
    table = by_class(read(fake.save(tmp_path / "s", lines) / "data"))
    assert table is not None
    assert table.head == ("class", "v0 (baseline)", "v4", "v5", "v6", "v7", "v8")
    assert table.below[1].startswith("Of 9 variants the baseline and those with the highest mIoU are shown")


def test_sizes_and_bands_are_shown_side_by_side(records: Sequence[Record]) -> None:
    table = sizes_and_borders(trainings(records))
    assert table is not None
    assert table.head == ("variant", "small (< 32² px)", "large", "≤ 1 px", "≤ 2 px", "≤ 16 px")
    assert texts(table)[0] == ["bilinear (baseline)", "36.00", "76.00", "46.00", "56.00", "66.00"]


def test_borders_are_drawn_as_differences_from_the_baseline(records: Sequence[Record]) -> None:
    trimap = figures(records)["trimap-accuracy"]
    assert [(one.label, one.x) for one in trimap.curves] == [("bilinear", ()), ("nearest", (1.0, 2.0, 16.0))]
    assert trimap.curves[1].y == pytest.approx((0.09, 0.09, 0.09))
    assert trimap.heading == "Δ mIoU to bilinear (points)"
    assert "+9.00" in svg(trimap).decode()
    alone = [one for one in records if one.variant == "bilinear"]
    assert figures(alone)["trimap-accuracy"].curves[0].y == pytest.approx((0.46, 0.56, 0.66))


def test_the_training_curve_is_the_mean_of_the_losses(records: Sequence[Record]) -> None:
    training = figures(records)["training-loss-accuracy"]
    line = training.curves[0]
    assert training.linear
    assert line.x[0] == 1.0
    assert line.x[-1] == 200.0
    assert line.y[0] == pytest.approx(2.01)
    whole = np.mean([curve(seed)[:, 1] for seed in range(3)], axis=0)
    last = int(line.x[-2])
    assert line.y[-1] == pytest.approx(whole[last:].mean())
    assert data_of(svg(training))["metric"] == "loss"
    assert svg(training) == svg(training)


def with_reads(record: Record, **reads: Any) -> Record:
    assert record.outcome is not None
    return replace(record, outcome=replace(record.outcome, reads={**record.reads, **reads}))


def test_cross_entropy_is_never_drawn_beside_a_squared_error(records: Sequence[Record]) -> None:
    losses = {"bilinear": "cross-entropy", "nearest": "code-regression"}
    mixed = [
        with_reads(one, recipe={"loss": {"use": losses[one.variant]}}) if one.use == "accuracy" else one
        for one in records
    ]
    drawn = [one for name, one in figures(mixed).items() if name.startswith("training-loss")]
    assert [[curve.label for curve in one.curves] for one in drawn] == [["bilinear"], ["nearest"]]
    assert "squared error of the code" in drawn[1].caption


def test_the_papers_losses_are_drawn_where_the_temperature_is_what_varies(records: Sequence[Record]) -> None:
    assert not figures(records)["training-loss-accuracy"].printed
    models = {name: {"upsampler": {"temperature": name == "bilinear"}} for name in ("bilinear", "nearest")}
    varied = [with_reads(one, model=models[one.variant]) if one.use == "accuracy" else one for one in records]
    assert [value for _, value in figures(varied)["training-loss-accuracy"].printed] == [2.2, 0.3, 0.02]


def test_the_bars_of_the_classes_add_up_to_the_difference(records: Sequence[Record]) -> None:
    figure = where_from(trainings(records), "x")
    assert figure is not None
    *parts, whole = figure.rows
    assert {one.label for one in parts} == set(NAMES)
    assert sum(one.value for one in parts) == pytest.approx(whole.value)
    assert whole.value == pytest.approx(0.09)
    assert data_of(svg(figure))["form"] == "parts"


def test_the_temperature_is_drawn_over_the_iterations_where_it_is_learned(records: Sequence[Record]) -> None:
    assert "temperature-accuracy" not in figures(records)
    for seed in range(3):
        recorded = curve(seed)
        recorded[:, 3] = 1 + 0.01 * seed - recorded[:, 0] / 400
        np.savez(records[0].folder / f"accuracy-nearest-{seed}-curve.npz", curve=recorded)
    course = figures(records)["temperature-accuracy"]
    (line,) = course.curves
    assert line.label == "nearest"
    # of the first iteration, and of the last ones together
    assert (line.x[0], line.y[0]) == pytest.approx((1, 1.01 - 1 / 400))
    assert line.x[-1] == 200
    assert line.y[-1] < 0.55
    assert data_of(svg(course))["name"] == course.name


def test_without_the_recorded_losses_there_is_no_training_curve(records: Sequence[Record]) -> None:
    for path in records[0].folder.glob("*curve.npz"):
        path.unlink()
    assert list(figures(records)) == ["by-class-accuracy", "trimap-accuracy"]


def test_the_page_has_all_of_it_in_markdown(records: Sequence[Record]) -> None:
    text = markdown(page(FACTS, records))
    for part in (
        "<summary>Reached beside the ceiling</summary>",
        "<summary>By size of object and distance to a border</summary>",
        "figures/trimap-accuracy.svg",
        "figures/training-loss-accuracy.svg",
        "| pole | 66.00 | 75.00 |",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("encoders", "told"),
    [(["frozen", "frozen"], True), (["frozen", "trained"], False)],
)
def test_the_line_below_the_title_says_when_no_encoder_was_trained(
    encoders: Sequence[str], told: bool, fake: Any, tmp_path: Path
) -> None:
    lines = []
    for variant, encoder in zip("ab", encoders, strict=True):
        made = accuracy(variant, 0, 0.7)
        recipe = {"use": "probe", "encoder": encoder}
        found = replace(made, reads={**made.reads, "recipe": recipe})
        lines.append(fake.Line(variant, {"model.upsampler": variant}, variant == "a", "accuracy", found))
    records = read(fake.save(tmp_path / "s", lines, pictures=False) / "data")
    assert ("frozen encoder" in line(FACTS, records)) is told


def test_how_many_parameters_a_recipe_trained_is_said_where_it_was_recorded(fake, tmp_path):
    frozen = accuracy("bilinear", 0, 0.6)
    frozen = replace(frozen, facts={**frozen.facts, "parameters": 3_001_234, "trained_parameters": 40_970})
    old = accuracy("bilinear", 1, 0.6)
    lines = [
        fake.Line("bilinear", {}, True, "accuracy", found, seed=seed)
        for seed, found in enumerate((frozen, old))
    ]
    folder = fake.save(tmp_path / "s", lines, pictures=False)
    said = protocol(read(folder / "data"))
    assert (
        "accuracy trained 40,970 of 3,001,234 parameters a variant, those of training heads among them."
        in said
    )
    before = fake.save(tmp_path / "before", lines[1:], pictures=False)
    assert not any("trained" in one for one in protocol(read(before / "data")))
