"""What every registered measure owes to whoever runs it. A new one needs a line in `MADE`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.measures.base import PLACES, Arrays, Needs, Result, measures
from segablate.quantity import QUANTITIES
from segablate.records import Measurement, Outcome, Reads

SHAPES = {"use": "shapes", "images": 2, "size": [32, 48]}

TINY = {"use": "quick", "iterations": 2, "batch": 2, "crop": [32, 32], "warmup": 0}

# measure → settings, a configuration it can measure, and one it cannot
MADE: Mapping[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "oracle": (
        {"limit": 1},
        {"data": SHAPES, "model": {"upsampler": "bilinear", "output_stride": 8}},
        {"data": SHAPES, "model": {"upsampler": "bilinear", "output_stride": 0}},
    ),
    "accuracy": (
        {"limit": 1},
        {"data": SHAPES, "model": {"encoder": "efficientnet-lite0"}, "recipe": TINY},
        {"data": SHAPES, "model": {"encoder": "efficientnet-lite0"}, "recipe": {**TINY, "crop": [16, 32]}},
    ),
    "complexity": (
        {},
        {"input": {"size": [64, 96]}, "data": SHAPES, "model": {"encoder": "resnet18"}},
        {"input": {"size": [16, 96]}, "data": SHAPES, "model": {"encoder": "resnet18"}},
    ),
    "claim-calibration": (
        {"studies": 20, "resamples": 100},
        {"data": {"word": "beats", "claims": 2, "spread": "normal", "seeds": 3}},
        {"data": {"word": "beats", "spread": "normal", "seeds": 1}},
    ),
    "calibration": (
        {"simulations": 20, "resamples": 100},
        {"data": {"spread": "normal", "seeds": 9}},
        {"data": {"spread": "normal", "seeds": 1}},
    ),
    "latency": (
        {"cap": 0.01, "warm_up": 0.0},
        {"input": {"size": [32, 64], "classes": 3}, "model": {"encoder": "resnet18"}},
        {"input": {"size": [16, 96]}, "data": SHAPES, "model": {"encoder": "resnet18"}},
    ),
}
TIMED = {"latency"}  # the same again takes another time


class MeasureContext:
    """Keeps nothing."""

    device = "cpu"
    allow_external = False
    anew = ""

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        return build()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def workspace(self, name: str, reads: Reads) -> Path:
        return Path(mkdtemp(dir=self.folder))

    def tell(self, message: str) -> None:
        raise AssertionError(message)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: None


@pytest.fixture(params=measures.names())
def part(request: pytest.FixtureRequest) -> Any:
    assert request.param in MADE, "say in `MADE` how it is used"
    return measures.part(request.param)


@pytest.fixture
def measure(part: Any) -> Any:
    return part.build({}, MADE[part.name][0])


@pytest.fixture
def config(part: Any) -> dict[str, Any]:
    return MADE[part.name][1]


def test_settings_are_keywords_and_explained(part: Any) -> None:
    assert part.ingredients == ()
    explained = inspect.getdoc(part.make) or ""
    assert part.summary.endswith(".")
    for name in part.defaults:
        assert f"{name}:" in explained


def test_it_says_whether_it_depends_on_the_seed(measure: Any) -> None:
    assert isinstance(measure.seeded, bool)


def test_it_says_what_it_needs_of_the_machine(measure: Any) -> None:
    assert isinstance(measure.needs, Needs)
    assert type(measure).needs.alone == measure.needs.alone  # asked before it is made
    assert isinstance(measure.thread_sensitive, bool)


def test_what_it_reads_is_plain_json_and_the_same_each_time(part: Any, measure: Any, config: Any) -> None:
    reads = measure.reads(config)
    assert json.loads(json.dumps(reads, allow_nan=False)) == reads
    assert part.build({}, MADE[part.name][0]).reads(config) == reads


def test_it_does_not_change_what_it_is_given(measure: Any, config: Any) -> None:
    before = json.dumps(config)
    measure.reads(config)
    assert json.dumps(config) == before


def test_what_it_does_not_read_does_not_matter(part: Any, measure: Any, config: Any) -> None:
    word = "input" if part.name == "accuracy" else "recipe"
    assert measure.reads({**config, word: {"use": "nothing"}}) == measure.reads(config)


def test_cells_that_go_together_can_be_told_without_their_places(measure: Any, config: Any) -> None:
    reads = {name: value for name, value in measure.reads(config).items() if name != PLACES}
    assert hash(measure.together(reads)) == hash(measure.together(measure.reads(config)))


def test_a_variant_it_cannot_measure_is_an_error_that_names_its_field(part: Any, measure: Any) -> None:
    with pytest.raises(SegablateError) as caught:
        measure.reads(MADE[part.name][2])
    assert caught.value.field


def test_each_cell_gets_a_result_that_can_be_kept_whose_metrics_are_known_with_their_convention(
    part: Any, measure: Any, config: Any, tmp_path: Path
) -> None:
    reads = measure.reads(config)
    found = list(measure.measure([reads, dict(reads)], 0, MeasureContext(tmp_path)))
    assert len(found) == 2
    for result in found:
        assert isinstance(result, Result)
        assert result.measurements
        outcome = Outcome("k", "done", {}, result.measurements, result.facts, tuple(result.artefacts))
        assert Outcome.from_json(outcome.to_json()) == outcome
        for taken in result.measurements:
            assert isinstance(taken, Measurement)
            assert taken.metric in QUANTITIES
            assert taken.metric in measure.metrics
            assert taken.samples
            assert taken.convention
    if part.name in TIMED:
        assert [one.metric for one in found[0].measurements] == [one.metric for one in found[1].measurements]
    else:
        assert found[0].measurements == found[1].measurements
