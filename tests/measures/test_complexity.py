"""What complexity reads, what it refuses at plan time and where, and what its studies come to."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.measures import inputs
from segablate.measures.base import Result, measures
from segablate.models.complete import complete
from segablate.models.decoders.dfanet import DFANet
from segablate.models.networks.base import networks
from segablate.records import Measurement
from segablate.report import data
from segablate.run.plan import Plan, plan
from segablate.study.load import load

STUDIES = Path(__file__).parents[2] / "studies"
RESNET = {"encoder": "resnet18"}
INPUT = {"size": [64, 96], "classes": 3}

STUDY = """\
name: bad
question: Is it told?
fixed:
  input:
    size: [64, 96]
    classes: 3
  model.encoder: resnet18
  {line}
measure: [complexity]
"""


def reads(model: Mapping[str, Any] = RESNET, given: Mapping[str, Any] = INPUT, **more: Any) -> dict[str, Any]:
    settings = more.pop("settings", {})
    found: dict[str, Any] = (
        measures.part("complexity").build({}, settings).reads({"model": model, "input": given, **more})
    )
    return found


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[..., SegablateError]:
    """The error of a study with one more line, or with an option."""

    def error(line: str = "model.context: none", *overrides: str) -> SegablateError:
        path = tmp_path / "bad.yaml"
        path.write_text(STUDY.format(line=line))
        with pytest.raises(SegablateError) as caught:
            plan(load(path, overrides))
        caught.value.where = (caught.value.where or "").removeprefix(f"{tmp_path}/")
        return caught.value

    return error


def test_a_name_and_its_parts_spelled_out_are_one_cell() -> None:
    named = reads({"use": "pp-liteseg-t"})
    spelled = {name: value for name, value in named["model"].items() if name != "use"}

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: bare(inner) for name, inner in value.items() if name != "version"}
        return value

    assert reads(bare(spelled)) == named


def test_weights_are_not_read_even_where_there_is_no_such_file() -> None:
    assert reads({**RESNET, "weights": "nowhere.pth"}) == reads()


def test_the_data_set_is_read_for_its_number_of_classes_only() -> None:
    size = {"size": [64, 96]}
    shapes = {"use": "shapes", "images": 2, "size": [32, 48]}
    found = reads(given=size, data=shapes)
    assert found == reads(given={**size, "classes": found["classes"]})
    assert found == reads(given=size, data={**shapes, "images": 3})


def test_the_input_s_own_classes_come_before_the_data_set_s() -> None:
    assert reads(data={"use": "shapes"})["classes"] == 3


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"classes": 3}, "input"),
        ({"size": [64], "classes": 3}, "input.size"),
        ({"size": [64, 0], "classes": 3}, "input.size"),
        ({"size": [64, 96.5], "classes": 3}, "input.size"),
        ({"size": [31, 96], "classes": 3}, "input.size"),
        ({"size": [64, 96]}, "input"),
        ({"size": [64, 96], "classes": 0}, "input.classes"),
        ({"size": [64, 96], "classes": True}, "input.classes"),
        ({"size": [64, 96], "classes": 3, "batch": 0}, "input.batch"),
        ({"size": [64, 96], "classes": 3, "clases": 3}, "input.clases"),
    ],
)
def test_an_input_that_cannot_be_is_an_error_that_names_its_field(given: Any, field: str) -> None:
    with pytest.raises(SegablateError) as caught:
        reads(given=given)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("line", "where", "message"),
    [
        ("model.output_stride: 5", 8, "encoder `resnet18` cannot have `output_stride: 5`"),
        ("model.decoder: {use: aggregate, low_level: [b9]}", 8, "there is no feature `b9`"),
        ("model.decoder: {use: fld, channels: [8, 8, 8, 8], stages: 4}", 8, "4 stages need as many features"),
        ("model.decoder: {use: fld, low_level: [b4, b3, b2]}", 8, "cannot add detail to"),
        ("model.upsampler: {use: dupsampling, channels: 99999}", 8, "99999 channels are more than"),
        ("model.upsampler: dupsampler", 8, "there is no upsampler `dupsampler`"),
        ("model.decoder: {use: head, fusion: uafm}", 8, "decoder `head` has no setting `fusion`"),
        ("input.batch: 0", 8, "`batch` is `0`"),
    ],
)
def test_a_network_that_cannot_be_is_refused_when_the_plan_is_made(
    line: str, where: int, message: str, wrong: Callable[..., SegablateError]
) -> None:
    error = wrong(line)
    assert message in error.message
    assert error.where == f"bad.yaml:{where}"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("input.size=[16, 96]", "16×96 is too small for encoder `resnet18`, whose stride is 32"),
        ("input.classes=0", "`classes` is `0`, but must be at least 1"),
        ("model.encoder=resnet81", "there is no encoder `resnet81`"),
    ],
)
def test_a_size_too_small_and_no_classes_are_refused_when_the_plan_is_made(
    option: str, message: str, wrong: Callable[..., SegablateError]
) -> None:
    error = wrong("model.context: none", option)
    assert (error.message, error.where) == (message, f"--set {option}")


def test_a_size_too_small_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(STUDY.format(line="model.context: none").replace("[64, 96]", "[64, 16]"))
    with pytest.raises(SegablateError) as caught:
        plan(load(path))
    assert caught.value.where == f"{path}:5"


@pytest.mark.parametrize("size", [[32, 32], [33, 47], [65, 33]])
def test_any_size_of_at_least_one_stride_is_taken(size: list[int], ctx: Any) -> None:
    measure = measures.part("complexity").build({}, {})
    (found,) = measure.measure([reads(given={"size": size, "classes": 3})], 0, ctx)
    assert isinstance(found, Result)


TABLE_2 = {
    "none": 0.80,
    "conv1_3": 1.13,
    "b1u2c3": 1.15,
    "b3u6c3": 1.23,
    "b1u2c3 + b3u6c3": 1.58,
    "conv1_3 + b3u6c3": 1.56,
}
TABLE_3 = {
    "baseline": 5.53,
    "proposed + DUpsampling-64": 1.15,
    "conv1_3 + b3u6c3": 21.56,  # printed: 22.34
    "proposed + DUpsampling-64 + conv1_3 + b3u6c3": 1.56,
    "Xception-65 + efb2u1c2": 5.53,
    "Xception-65 + proposed + DUpsampling-128 + efb2u1c2": 1.93,
    "Xception-65 + mfb1u16c3": 0.41,
    "Xception-65 + proposed + DUpsampling-128 + mfb1u16c3": 1.98,
}
PUBLISHED = {"dupsampling-table2-cost": TABLE_2, "dupsampling-table3-cost": TABLE_3}


@functools.cache
def shipped(study: str) -> Plan:
    return plan(load(STUDIES / f"{study}.yaml"))


@pytest.mark.parametrize("study", PUBLISHED)
def test_the_committed_report_has_every_row_as_planned_today_and_as_published(
    study: str,
) -> None:
    records = {
        record.variant: record.outcome for record in data.read(STUDIES.parent / "reports" / study / "data")
    }
    cells = {row.variant.label: row.cell for row in shipped(study).rows if row.cell}
    for label, published in PUBLISHED[study].items():
        outcome = records[label]
        assert outcome is not None
        assert outcome.key == cells[label].key
        assert round(outcome.value("decoders_matter_flops") / 1e9, 2) == published


@pytest.mark.parametrize(
    ("study", "label"),
    [
        ("dupsampling-table2-cost", "b1u2c3 + b3u6c3"),
        ("dupsampling-table3-cost", "conv1_3 + b3u6c3"),
        ("dupsampling-table3-cost", "Xception-65 + proposed + DUpsampling-128 + mfb1u16c3"),
    ],
)
@pytest.mark.slow  # the whole network is run, though only the decoder is told
def test_a_row_of_dupsampling_s_tables_counted_anew_is_the_published_one(
    study: str, label: str, ctx: Any
) -> None:
    row = next(row for row in shipped(study).rows if row.variant.label == label)
    assert row.cell
    measure = measures.part("complexity").build({}, row.measure.settings)
    (found,) = measure.measure([row.cell.reads], 0, ctx)
    assert json.dumps(found.facts, allow_nan=False)
    values = {taken.metric: taken.value for taken in found.measurements}
    assert round(values["decoders_matter_flops"] / 1e9, 2) == PUBLISHED[study][label]


def test_a_scope_counts_its_parts_only(ctx: Any) -> None:
    def macs(scope: str) -> float:
        settings = {"scope": scope}
        measure = measures.part("complexity").build({}, settings)
        (found,) = measure.measure([reads(settings=settings)], 0, ctx)
        return {taken.metric: taken.value for taken in found.measurements}["macs"]

    assert macs("upsampler") == 0
    assert macs("decoder") == 512 * 3 * 2 * 3
    assert macs("network") > macs("decoder")


def test_what_is_our_reading_in_a_network_stands_among_the_blind_spots_of_its_numbers() -> None:
    def spots(name: str) -> tuple[str, ...]:
        found = Result((Measurement("params", (1.0,), "", ("dust",)), Measurement("macs", (1.0,), "")))
        first, second = inputs.with_unconfirmed(found, complete({"use": name})).measurements
        assert second.blind_spots == ()
        return first.blind_spots

    assert spots("fanet-18") == ("dust",)
    assert spots("dfanet-b")[1:] == (DFANet.unconfirmed,)
    assert "our reading" in networks.part("dfanet-b").summary
