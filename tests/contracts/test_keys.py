"""Every setting of every part changes the key of each measure that reads it, or the part says why not.

Where a part says that a setting has no say, the numbers are compared. Registering a part is testing it here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from inspect import Parameter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import numpy as np
import pytest
import torch

from segablate.app.catalogue import meanings
from segablate.datasets.base import datasets
from segablate.labels.patches import cut
from segablate.labels.restore import Bilinear as Restorer
from segablate.labels.subspace import Subspace as Fitted
from segablate.measures import latency
from segablate.measures.base import PLACES, measures
from segablate.models.auxiliary import KINDS
from segablate.models.complete import REGISTRIES, complete
from segablate.models.fusions.base import fusions
from segablate.models.upsamplers.base import Subspace, Upsampler, upsampler_class, upsamplers
from segablate.models.upsamplers.bilinear import Bilinear
from segablate.registry import Part, Registry
from segablate.run.execute import execute
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load
from segablate.training import rng
from segablate.training.losses.base import losses
from segablate.training.recipes.base import Recipe, recipes

CLASSES, STRIDE = 10, 4
SHAPES = {"use": "shapes", "images": 2, "size": [32, 48]}
NETWORK = {"encoder": "resnet18", "decoder": {"use": "aggregate", "low_level": []}}
TINY = {"use": "quick", "iterations": 2, "batch": 2, "crop": [32, 32], "warmup": 0}
FUSION = "concat"  # another than any decoder's own

# values for settings whose annotation does not tell one that is valid
ANOTHER: Mapping[tuple[str, str], Any] = {
    ("upsampler", "kernel"): 3,
    ("data set", "map"): {"rest": "all"},
    ("data set", "values"): {"7": 1},
    ("recipe", "frozen"): "x8",
    ("recipe", "loss"): "ohem",
    ("recipe", "auxiliary"): {"head16": 0.5},
    ("recipe", "crop"): [32, 64],
    ("recipe", "view"): [736, 1024],
    ("recipe", "scale"): [0.25, 3.0],
    ("recipe", "warmup"): 7,
    ("measure", "runtime"): "onnxruntime",
    ("measure", "train"): "val",
    ("measure", "fit"): "test",
    ("measure", "score"): "train",
    ("measure", "limit"): 1,
    ("measure", "window"): [32, 32],
}
# settings that must be given
GIVEN: Mapping[tuple[str, str], Any] = {
    ("data set", "classes"): 3,
    ("auxiliary head", "on"): "x8",
    ("auxiliary network", "on"): ["x8"],
}
# what makes a setting of a recipe one that counts: `or_fp32` is about bfloat16 only
BESIDE: Mapping[str, dict[str, Any]] = {"or_fp32": {"precision": "bf16"}}
# where a data set lies on this machine: its fingerprint tells what it is
PLACE = "root"


def another(kind: str, name: str, annotation: Any, value: Any) -> Any:
    """A valid value of a setting that differs from the one it has."""
    if (kind, name) in ANOTHER:
        return ANOTHER[kind, name]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return another(kind, name, inner[0], value)
    if origin in (Union, UnionType):
        return another(kind, name, next(one for one in inner if one is not NoneType), value)
    if origin is Literal:
        return next(one for one in inner if one != value)
    if annotation is bool:
        return not value
    if annotation is int:
        return (value or 1) + 1
    if annotation is float:
        return (value or 0) + 0.125
    if annotation is str:
        return f"{value}-another"
    if origin in (tuple, list):
        return [another(kind, name, inner[0], one) for one in value or [1] * len(inner)]
    raise AssertionError(f"{kind} setting {name}: write another value than {value!r} into `ANOTHER`")


def settings_of(part: Part) -> dict[str, Any]:
    needed = {n: GIVEN[part.kind, n] for n, default in part.defaults.items() if default is Parameter.empty}
    return part.settings(needed)


def changes(part: Part) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each setting with the part's settings as they are, and with another value of that one."""
    for name, annotation in part.annotations.items():
        if name not in part.defaults:
            continue
        before = settings_of(part) | BESIDE.get(name, {})
        value = FUSION if name == "fusion" else another(part.kind, name, annotation, before.get(name))
        yield name, before, {**before, name: value}


def every(*registries: Registry) -> list[Any]:
    parts = [registry.part(name) for registry in registries for name in registry.names()]
    return [pytest.param(part, id=f"{part.kind} {part.name}") for part in parts]


@pytest.mark.parametrize("part", every(*REGISTRIES.values()))
def test_a_setting_of_a_network_s_part_is_in_the_keys_of_all_that_look_at_the_network(part: Part) -> None:
    slot = next(name for name, registry in REGISTRIES.items() if registry.kind == part.kind)
    for name, before, after in changes(part):
        models = [{"encoder": "resnet18", slot: {"use": part.name, **one}} for one in (before, after)]
        # what complexity and accuracy read of a network
        assert complete(models[0]) != complete(models[1]), name


@pytest.mark.parametrize("part", every(*REGISTRIES.values()))
def test_a_setting_of_a_network_s_part_is_in_the_key_of_its_time_or_takes_none(part: Part) -> None:
    slot = next(name for name, registry in REGISTRIES.items() if registry.kind == part.kind)
    for name, before, after in changes(part):
        timed = [
            latency.structure({"encoder": "resnet18", slot: {"use": part.name, **one}})
            for one in (before, after)
        ]
        if timed[0] == timed[1]:
            assert slot == "upsampler", name
            shapes = [_shapes(_upsampler(part, one)) for one in (before, after)]
            assert shapes[0] == shapes[1], name


@pytest.mark.parametrize("part", every(fusions, losses, datasets, recipes))
def test_a_setting_of_another_part_is_in_what_keys_tell_of_it(part: Part) -> None:
    for name, before, after in changes(part):
        if name != PLACE:
            assert part.to_wire(part.settings(before)) != part.to_wire(part.settings(after)), name


def test_a_setting_of_an_auxiliary_head_is_in_the_keys() -> None:
    for kind, part in KINDS.items():
        for name, before, after in changes(part):
            heads = [{"use": kind, **settings} for settings in (before, after)]
            models = [{"encoder": "resnet18", "auxiliary": {"one": head}} for head in heads]
            assert complete(models[0]) != complete(models[1]), name


@pytest.mark.parametrize("encode", ["project", "optimise", "autoencoder"])
@pytest.mark.parametrize("part", every(upsamplers))
def test_a_setting_of_an_upsampler_is_in_the_key_of_its_ceiling_or_leaves_it_as_it_is(
    part: Part, encode: str
) -> None:
    made = upsampler_class(part.name)
    oracle = measures.part("oracle").build({}, {"encode": encode})
    for _, before, after in changes(part):
        if not all(_has_a_ceiling(made, one, encode) for one in (before, after)):
            continue
        reads = [
            oracle.reads({"data": SHAPES, "model": {"upsampler": spec, "output_stride": STRIDE}})
            for spec in ({"use": part.name, **before}, {"use": part.name, **after})
        ]
        if reads[0] == reads[1]:
            _check_same_ceiling(part, before, after)


def _has_a_ceiling(made: type[Upsampler], settings: Mapping[str, Any], encode: str) -> bool:
    if not made.on_grid(settings):
        return False
    fitted = _fitted(settings) if made.needs_labels(settings) else None
    return encode == "autoencoder" or made.restorer(CLASSES, STRIDE, settings, fitted) is not None


def _check_same_ceiling(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Neither the linear projection nor the network itself restores other labels."""
    made = upsampler_class(part.name)
    label = np.random.default_rng(0).integers(0, CLASSES, (8, 12)).astype(np.uint8)
    linear = [made.restorer(CLASSES, STRIDE, one, _fitted(one)) for one in (before, after)]
    restored = [one.restore(cut(label, STRIDE)) for one in linear if one is not None]
    assert all(np.array_equal(restored[0], one) for one in restored[1:])
    networks = [_upsampler(part, one, "cpu") for one in (before, after)]
    drawing = torch.Generator().manual_seed(0)
    code = torch.randn(1, made.code_channels(CLASSES, before), 2, 3, generator=drawing)
    assert torch.equal(*(network.labels(code, (8, 12)) for network in networks))


def _fitted(settings: Mapping[str, Any]) -> Fitted:
    width, length = int(settings.get("channels") or 1), STRIDE**2
    square = np.linalg.qr(np.random.default_rng(0).normal(size=(length * CLASSES, width)))[0]
    components = square.T.reshape(width, CLASSES, length).astype(np.float32)
    mean = np.zeros((CLASSES, length), np.float32)
    return Fitted(STRIDE, CLASSES, components, np.ones(width), float(width), mean, False, 1, 0.0)


def _upsampler(part: Part, settings: Mapping[str, Any], device: str = "meta") -> Upsampler:
    width = upsampler_class(part.name).code_channels(CLASSES, settings)
    basis = np.random.default_rng(0).normal(size=(STRIDE**2 * CLASSES, width)).astype(np.float32)
    given = {"classes": CLASSES, "stride": STRIDE, "subspace": Subspace(basis)}
    torch.manual_seed(0)
    with torch.device(device):
        made: Upsampler = part.build(given, settings)
    return made


def _shapes(module: torch.nn.Module) -> list[Any]:
    """What its time depends on: modules, and shapes of their tensors."""
    return [str(module), *((name, tuple(value.shape)) for name, value in module.state_dict().items())]


def test_a_setting_of_a_recipe_that_has_no_say_in_kept_pictures_leaves_them_as_they_are() -> None:
    part = recipes.part("probe")
    assert {field.name for field in dataclasses.fields(Recipe)} >= Recipe.after_views
    for name, before, after in changes(part):
        one, other = (part.build({}, settings) for settings in (before, after))
        drawn = [rng.draw(recipe, 4, rng.VIEW, 1, 0) for recipe in (one, other)]
        kept = [
            (drawing, recipe.views, recipe.view, recipe.mean, recipe.std)
            for drawing, recipe in zip(drawn, (one, other), strict=True)
        ]
        if name in Recipe.after_views:
            np.testing.assert_equal(*(_plain(one) for one in kept), err_msg=name)


def _plain(kept: tuple[Any, ...]) -> list[Any]:
    return [*(np.asarray(value) for value in vars(kept[0]).values()), *kept[1:]]


# measure → settings and a configuration, of which one shows each setting's say
SHOWN: Mapping[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "accuracy": [({}, {"data": SHAPES, "model": NETWORK, "recipe": TINY})],
    "calibration": [({}, {"data": {"spread": "normal", "seeds": 9}})],
    "claim-calibration": [
        ({}, {"data": {"word": "beats", "claims": 2, "spread": "normal", "seeds": 3}}),
    ],
    "complexity": [({}, {"input": {"size": [64, 96], "classes": 3}, "model": NETWORK})],
    "latency": [({}, {"input": {"size": [64, 96], "classes": 3}, "model": NETWORK})],
    "oracle": [
        ({}, {"data": SHAPES, "model": {"upsampler": "dupsampling", "output_stride": STRIDE}}),
        (
            {"encode": "autoencoder"},
            {"data": SHAPES, "model": {"upsampler": "bilinear", "output_stride": STRIDE}},
        ),
        (
            {"encode": "clusters"},
            {"data": SHAPES, "model": {"upsampler": "bilinear", "output_stride": STRIDE}},
        ),
    ],
}


@pytest.mark.parametrize("name", [name for name in measures.names() if name in SHOWN])
def test_a_measure_s_own_setting_is_in_its_key_or_its_docstring_says_that_it_changes_no_number(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "check_precision", lambda precision, device: None)  # of no CPU of ours
    part = measures.part(name)

    def told(settings: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        reads = part.without_neutral(part.build({}, settings).reads(config))
        return {word: value for word, value in reads.items() if word != PLACES}

    plain = [told(settings, config) for settings, config in SHOWN[name]]
    for setting, before, after in changes(part):
        value = {setting: after[setting]}
        counts = any(
            told({**settings, **value}, config) != reads
            for (settings, config), reads in zip(SHOWN[name], plain, strict=True)
        )
        assert counts or "changes no number" in meanings(part.explained)[setting], (setting, before[setting])


Heat: TypeAlias = Literal["cold", "hot"]


class Warm(Bilinear):
    """A newcomer whose temperature changes what it restores, in one file and with nothing declared."""

    def __init__(
        self,
        classes: int,
        stride: int,
        /,
        *,
        temperature: Heat = "cold",
        train: bool = False,
    ) -> None:
        super().__init__(classes, stride, align_corners=temperature == "hot")

    @classmethod
    def on_grid(cls, settings: Mapping[str, Any]) -> bool:
        return True

    @classmethod
    def restorer(
        cls, classes: int, stride: int, settings: Mapping[str, Any], fitted: Fitted | None
    ) -> Restorer:
        return Restorer(stride, classes, settings["temperature"] == "hot")


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> None:
    upsamplers.names()
    monkeypatch.setitem(upsamplers._parts, "warm", Part("upsampler", "warm", Warm, 1, ""))


STUDY = """\
name: warm
fixed:
  data: {use: shapes, images: 2, size: [64, 96]}
  input: {size: [64, 96]}
  model: {encoder: resnet18, output_stride: 16, upsampler: warm}
vary:
  model.upsampler.temperature: [cold, hot]
  model.upsampler.train: [false, true]
measure: [{use: oracle, as: projected}, {use: oracle, as: searched, encode: optimise}, complexity, latency]
"""


@pytest.mark.usefixtures("newcomer")
def test_a_newcomer_s_settings_count_everywhere_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "warm.yaml").write_text(STUDY)
    made = plan(load(tmp_path / "warm.yaml"))
    assert len(made.cells) == 4 * 4
    ceilings = plan(
        load(tmp_path / "warm.yaml", ["measure=[{use: oracle}]", "vary.model.upsampler.train=[false]"])
    )
    store = Store(tmp_path / "runs")
    assert execute(ceilings, store).failed == 0
    cold, hot = (store.outcome(cell).value("miou") for cell in ceilings.cells)  # type: ignore[union-attr]  # done
    assert cold != hot
