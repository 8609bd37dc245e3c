"""What is renamed or added in Python changes no key, and old studies load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from segablate import wire
from segablate.errors import SegablateError
from segablate.measures.base import measures
from segablate.measures.calibration import Calibration
from segablate.models.upsamplers.base import upsamplers
from segablate.models.upsamplers.bilinear import Bilinear
from segablate.registry import Part, Registry
from segablate.run.execute import execute
from segablate.run.plan import Cell, plan
from segablate.run.store import Store
from segablate.study.load import load
from segablate.training.recipes.base import recipes
from segablate.training.recipes.probe import Quick
from segablate.wire import Neutral

STUDY = """\
name: tiny
fixed:
  data: {use: shapes, images: 2, size: [64, 64]}
  model: {encoder: resnet18, decoder: head, output_stride: 16}
  model.upsampler: UPSAMPLER
  input: {size: [64, 64]}
  recipe: RECIPE
measure: [{use: MEASURE}]
"""


@dataclass(frozen=True, kw_only=True)
class Longer(Quick):
    """A recipe with a setting more."""

    sharpness: Annotated[float | None, Neutral(None)] = None


@dataclass(frozen=True, kw_only=True)
class Sharper(Longer):
    """The same with another default."""

    sharpness: float | None = 2.0


class Renamed(Bilinear):
    """Bilinear, whose settings are called otherwise."""

    def __init__(
        self,
        classes: int,
        stride: int,
        /,
        *,
        aligned: bool = False,
        grid: Literal["crop", "stretch"] = "crop",
    ) -> None:
        super().__init__(classes, stride, align_corners=aligned, fit=grid)

    @classmethod
    def on_grid(cls, settings):
        return Bilinear.on_grid({"align_corners": settings["aligned"], "fit": settings["grid"]})

    @classmethod
    def restorer(cls, classes, stride, settings, fitted):
        settings = {"align_corners": settings["aligned"], "fit": settings["grid"]}
        return Bilinear.restorer(classes, stride, settings, fitted)


class Louder(Calibration):
    """A measure with a setting more."""

    def __init__(self, *, simulations: int = 10_000, loud: Annotated[bool, Neutral(False)] = False) -> None:
        super().__init__(simulations=simulations)
        self.settings["loud"] = loud


@pytest.fixture
def cell(tmp_path: Path) -> Callable[..., Cell]:
    """The one cell of a small study."""

    def make(*, recipe: str = "quick", upsampler: str = "bilinear", measure: str = "accuracy") -> Cell:
        text = STUDY.replace("RECIPE", recipe).replace("UPSAMPLER", upsampler).replace("MEASURE", measure)
        if "calibration" in measure:
            text = (
                f"name: tiny\nfixed: {{data: {{spread: normal, seeds: 5}}}}\nmeasure: [{{use: {measure}}}]\n"
            )
        (tmp_path / "tiny.yaml").write_text(text)
        (found,) = plan(load(tmp_path / "tiny.yaml")).cells
        return found

    return make


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a part where another was."""

    def at(registry: Registry, name: str, make: Any, called: str = "") -> None:
        version = registry._parts[name].version
        monkeypatch.delitem(registry._parts, name)
        monkeypatch.setitem(
            registry._parts, called or name, Part(registry.kind, called or name, make, version, "")
        )

    wire.note.cache_clear()
    return at


def test_a_setting_that_is_added_is_in_no_key_at_its_neutral_value(
    cell: Callable[..., Cell], put: Callable[..., None]
) -> None:
    before = cell()
    put(recipes, "quick", Longer)
    assert cell() == before
    assert cell(recipe="{use: quick, sharpness: null}") == before
    other = cell(recipe="{use: quick, sharpness: 1.5}")
    assert other.key != before.key
    assert other.reads["recipe"]["sharpness"] == 1.5


def test_what_is_neutral_need_not_be_the_default(cell: Callable[..., Cell], put: Callable[..., None]) -> None:
    before = cell()
    put(recipes, "quick", Sharper)
    assert cell().key != before.key
    neutral = cell(recipe="{use: quick, sharpness: null}")
    assert neutral == before
    assert recipes.read(neutral.reads["recipe"])[1]["sharpness"] is None


def test_a_measure_too_may_have_a_setting_more(
    cell: Callable[..., Cell], put: Callable[..., None], tmp_path: Path
) -> None:
    before = cell(measure="calibration, simulations: 20")
    put(measures, "calibration", Louder)
    assert cell(measure="calibration, simulations: 20") == before
    assert cell(measure="calibration, simulations: 20, loud: true").key != before.key
    seen: list[Any] = []
    Louder.together = lambda self, reads: seen.append(reads["loud"])  # type: ignore[method-assign]  # a toy
    cell(measure="calibration, simulations: 20")
    assert execute(plan(load(tmp_path / "tiny.yaml")), Store(tmp_path / "runs")).failed == 0
    assert set(seen) == {False}


def test_a_setting_that_is_renamed_keeps_its_keys(
    cell: Callable[..., Cell],
    put: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = "{use: bilinear, align_corners: true, fit: crop}"
    before = [cell(upsampler=old, measure=measure) for measure in ("accuracy", "complexity", "oracle")]
    names = {"aligned": "align_corners", "grid": "fit"}
    monkeypatch.setitem(wire.SETTINGS, "upsampler bilinear", names)
    put(upsamplers, "bilinear", Renamed)
    for was in before:
        assert cell(upsampler="{use: bilinear, aligned: true}", measure=was.measure) == was
        assert capsys.readouterr().err == ""
    for was in before:
        assert cell(upsampler=old, measure=was.measure) == was
    assert capsys.readouterr().err.splitlines() == [
        "note: `align_corners` of upsampler `bilinear` is called `aligned` now",
        "note: `fit` of upsampler `bilinear` is called `grid` now",
    ]


def test_a_setting_by_both_its_names_is_refused(
    cell: Callable[..., Cell], put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wire.SETTINGS, "upsampler", {"aligned": "align_corners", "grid": "fit"})
    put(upsamplers, "bilinear", Renamed)
    with pytest.raises(SegablateError, match="is the former name of `aligned`") as caught:
        cell(upsampler="{use: bilinear, align_corners: true, aligned: true}")
    assert caught.value.where
    assert caught.value.where.endswith("tiny.yaml:5")


def test_a_part_that_is_renamed_keeps_its_keys(
    cell: Callable[..., Cell],
    put: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = cell(), cell(measure="calibration")
    monkeypatch.setitem(wire.PARTS, "recipe", {"hasty": "quick"})
    monkeypatch.setitem(wire.PARTS, "measure", {"simulated": "calibration"})
    put(recipes, "quick", Quick, called="hasty")
    put(measures, "calibration", Calibration, called="simulated")
    assert (cell(recipe="hasty"), cell(measure="calibration")) == before
    assert capsys.readouterr().err == "note: measure `calibration` is called `simulated` now\n"
    assert cell() == before[0]
    assert capsys.readouterr().err == "note: recipe `quick` is called `hasty` now\n"
    assert recipes.written(before[0].reads["recipe"])["use"] == "hasty"


def test_no_setting_is_called_as_keys_call_the_part() -> None:
    with pytest.raises(ValueError, match="has a setting version"):

        @recipes.register()
        class Versioned:
            def __init__(self, *, version: int = 1) -> None: ...
