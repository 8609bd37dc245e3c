"""Accuracy from a study to its numbers: what it reads, refuses, keeps and shares."""

from __future__ import annotations

import csv
import io
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from segablate.errors import SegablateError
from segablate.labels.confusion import scores
from segablate.measures.base import measures
from segablate.measures.learning import learn
from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter
from segablate.run.execute import execute
from segablate.run.plan import Cell, Plan, plan
from segablate.run.store import Store
from segablate.study.load import load
from segablate.training import precision

STUDIES = Path(__file__).parents[2] / "studies"
STUDY = """\
name: tiny
question: Does it train?
fixed:
  data: {use: shapes, images: 3, size: [64, 96]}
  model.encoder: efficientnet-lite0
  model.output_stride: 16
  model.decoder: {use: aggregate, low_level: []}
  recipe: {use: probe, views: 2, view: [64, 96], crop: [32, 64], iterations: 4, batch: 2, warmup: 1}
vary:
  model.upsampler:
    bilinear: bilinear
    DUp: {use: dupsampling, channels: 8}
measure:
  - {use: accuracy, limit: 2, minutes: 0}
repeat: 2
"""
DECODER = {"use": "aggregate", "low_level": ["x4"]}
ONE = ("repeat=1", 'vary.model.upsampler=["bilinear"]')


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Plan]:
    def make(*changes: str, text: str = STUDY) -> Plan:
        path = tmp_path / "tiny.yaml"
        path.write_text(text)
        return plan(load(path, list(changes)))

    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def curve(store: Store, cell: Cell) -> list[list[float]]:
    found: list[list[float]] = store.artefact(cell, "curve.npz")["curve"][:, :3].tolist()
    return found


def test_a_probe_keeps_all_that_a_claim_needs(study: Callable[..., Plan], store: Store) -> None:
    made = study("repeat=1")
    assert execute(made, store).done == 2
    for cell in made.cells:
        outcome = store.outcome(cell)
        assert outcome is not None
        images = store.artefact(cell, "images.npz")
        # the scores again, from the matrices of the images
        assert scores(images["confusions"].sum(0)).miou == pytest.approx(outcome.value("miou"))
        assert images["confusions"].sum() == outcome.facts["pixels"]
        blocks = store.artefact(cell, "blocks.npz")
        assert np.array_equal(blocks["confusions"], images["confusions"])  # made-up images are alone
        assert blocks["names"].tolist() == images["names"].tolist()
        assert outcome.facts["iterations"] == 4
        assert 0 <= outcome.facts["waiting_share"] <= 1
        assert outcome.facts["busy_share"] is None
        assert "numerics" not in outcome.facts
        rows = list(csv.reader(io.StringIO((store.folder(cell) / "curve.csv").read_text())))
        assert rows[0] == ["iteration", "loss", "rate", "temperature"]
        assert [row[0] for row in rows[1:]] == ["0", "1", "2", "3"]
        temperature = outcome.reads["upsampler"]["use"] == "dupsampling"
        assert (outcome.facts["temperature"] is not None) == temperature
        assert store.artefact(cell, "curve.npz")["curve"].shape == (4, 4)
        assert "frozen" in outcome.measurements[0].convention


TWICE = STUDY.replace(
    "limit: 2, minutes: 0}", "limit: 2, minutes: 0}\n  - {use: accuracy, as: one, limit: 1, minutes: 0}"
)


def test_seeds_differ_and_processes_find_the_same_and_train_once_what_is_scored_twice(
    study: Callable[..., Plan], store: Store, tmp_path: Path
) -> None:
    made = study(ONE[1])
    execute(made, store)
    first, second = (curve(store, cell) for cell in made.cells)
    assert first != second
    twice, other = study(*ONE, text=TWICE), Store(tmp_path / "other")
    execute(twice, other, executor="processes", jobs=2)
    assert [curve(other, cell) for cell in twice.cells] == [first, first]
    seconds = {other.outcome(cell).facts["seconds"]["training"] for cell in twice.cells}  # type: ignore[union-attr]  # all are done
    assert len(seconds) == 1


def test_features_are_computed_once_for_all_variants_of_a_seed(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study("repeat=1")
    assert len(made.groups()) > 1  # each by itself, so that processes share the work
    computed: list[int] = []
    own = learn.Features._compute

    def counted(self: Any, *arguments: Any) -> None:
        computed.append(len(self.sizes))
        own(self, *arguments)

    monkeypatch.setattr(learn.Features, "_compute", counted)
    execute(made, store)
    assert computed == [6, 2]  # two views of three images, and the two that are scored


def test_another_score_needs_no_other_training(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(study(*ONE), store)

    def never(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(learn.Training, "_step", never)
    looks = ("measure.0.flip=true", "measure.0.scales=[0.5, 1.0]", "measure.0.window=[64, 64]")
    summary = execute(study(*ONE, *looks), store)
    assert (summary.done, summary.failed) == (1, 0)


def test_kept_features_give_the_label_maps_that_images_give(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study(*ONE)
    (cell,) = made.cells
    execute(made, store)
    kept = store.artefact(cell, "images.npz")["confusions"].astype(np.int64)
    monkeypatch.setattr(learn.Learning, "_features_of_scored", lambda self: None)
    execute(made, store, only="all")
    seen = store.artefact(cell, "images.npz")["confusions"].astype(np.int64)
    # half precision may turn a pixel whose classes are all but even
    assert np.abs(kept - seen).sum() <= 0.01 * kept.sum()


# that the loss falls is shown on seven networks by `tests/training/test_every_network_learns.py`
@pytest.mark.exhaustive
def test_a_whole_network_learns_what_is_easy(study: Callable[..., Plan], store: Store) -> None:
    text = STUDY.replace("use: probe, views: 2, view: [64, 96], crop: [32, 64], iterations: 4", "use: quick")
    text = text.replace("batch: 2, warmup: 1", "batch: 4, crop: [64, 64], iterations: 40")
    made = study(*ONE, text=text)
    execute(made, store)
    (cell,) = made.cells
    curve = store.artefact(cell, "curve.npz")["curve"]
    assert curve[-10:, 1].mean() < 0.7 * curve[:10, 1].mean()


def test_cells_share_and_split_as_they_should(study: Callable[..., Plan]) -> None:
    keys = {cell.key for cell in study().cells}
    assert {cell.key for cell in study("measure.0.minutes=7").cells} == keys
    assert not {cell.key for cell in study("recipe.rate=0.1").cells} & keys
    assert not {cell.key for cell in study("measure.0.flip=true").cells} & keys
    assert {cell.key for cell in study("recipe.loss=cross-entropy").cells} == keys


BAD = {
    "recipe.iteration=3": "recipe `probe` has no setting `iteration`",
    "recipe.use=prob": "there is no recipe `prob`",
    "recipe.loss=focal": "there is no loss `focal`",
    "recipe.crop=[8, 64]": "8×64 is too small for encoder `efficientnet-lite0`",
    "recipe.crop=[48, 64]": "must be multiples of 32",
    "recipe.crop=[96, 96]": "the crop 96×96 is larger than the kept picture of 64×96",
    "recipe.loss=code-regression": "needs the upsampler `dupsampling` with frozen weights",
    "measure.0.limit=0": "`limit` is 0",
    "measure.0.scales=[0.0]": "`scales` needs at least one factor above 0",
    "measure.0.score=tset": "there is no split `tset`",
}


@pytest.mark.parametrize(("change", "message"), BAD.items())
def test_what_cannot_be_trained_is_refused_when_it_is_planned(
    study: Callable[..., Plan], change: str, message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        study(change)
    assert message in caught.value.message
    assert caught.value.where


def test_a_model_that_is_only_a_name_is_refused() -> None:
    config = {"model": "pp-liteseg-t", "recipe": "quick", "data": {"use": "shapes", "images": 2}}
    with pytest.raises(SegablateError, match="`model` is `pp-liteseg-t`, but is a mapping") as caught:
        measures.part("accuracy").build({}, {}).reads(config)
    assert caught.value.field == "model"


def test_an_unknown_key_of_a_recipe_names_file_line_and_the_nearest(study: Callable[..., Plan]) -> None:
    with pytest.raises(SegablateError) as caught:
        study(text=STUDY.replace("iterations: 4", "iteration: 4"))
    assert (caught.value.where or "").endswith("tiny.yaml:8")
    assert caught.value.hint == "did you mean `iterations`?"


@pytest.mark.parametrize(
    "config",
    [
        "model.context={use: sppm, bins: [1, 2]}",
        "model.decoder={use: fld, fusion: {use: uafm, attention: channel}}",
    ],
)
def test_a_batch_norm_that_would_see_one_value_is_refused(study: Callable[..., Plan], config: str) -> None:
    changes = (ONE[1], "model.output_stride=32", config)
    study(*changes)
    with pytest.raises(SegablateError, match="a batch norm sees one value a channel") as caught:
        study(*changes, "recipe.batch=1")
    assert caught.value.hint == "train on 2 crops at a time or more"
    with pytest.raises(SegablateError, match="sees one value"):
        study(*changes, "recipe.accumulate=2")


def test_a_variant_that_fails_leaves_the_others_alone(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = learn.Training._step

    def full(self: Any, batch: Any) -> None:
        if type(self.network.upsampler).__name__ == "DUpsampling":
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        own(self, batch)

    monkeypatch.setattr(learn.Training, "_step", full)
    summary = execute(study("repeat=1"), store)
    assert (summary.done, summary.failed) == (1, 1)
    assert "not enough memory for 2 crops of 32×64" in summary.failures[0][1]


def test_what_a_failed_variant_held_is_free_before_the_next_is_trained(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[weakref.ref[Any]] = []
    alive: list[bool] = []

    def full(self: Any, batch: Any) -> None:
        alive.extend(one() is not None for one in held)
        activations = torch.zeros(3)
        held.append(weakref.ref(activations))
        raise MemoryError

    monkeypatch.setattr(learn.Training, "_step", full)
    assert execute(study("repeat=1"), store).failed == 2
    assert alive == [False]


def test_the_generator_of_whoever_measures_is_left_alone(study: Callable[..., Plan], store: Store) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    execute(study(*ONE), store)
    assert torch.equal(torch.rand(1), expected)


def test_a_data_set_of_one_image_is_trained_on(study: Callable[..., Plan], store: Store) -> None:
    made = study("data.images=1", *ONE)
    assert execute(made, store).done == 1


def test_accuracy_depends_on_the_seed() -> None:
    assert measures.part("accuracy").make.seeded is True


@pytest.mark.parametrize("years", [-10, 10])
def test_what_is_measured_anew_is_trained_anew_whatever_the_clocks_say(
    study: Callable[..., Plan], store: Store, years: int
) -> None:
    made = study(*ONE)
    execute(made, store)
    (checkpoint,) = store.root.glob("cache/training/*/checkpoint.pt")
    then = checkpoint.stat().st_mtime_ns + years * 365 * 86400 * 10**9
    os.utime(checkpoint, ns=(then, then))
    execute(made, store)
    assert checkpoint.stat().st_mtime_ns == then
    execute(made, store, only="all")
    assert checkpoint.stat().st_mtime_ns != then


def test_a_training_is_done_once_in_a_run_that_measures_all_anew(
    study: Callable[..., Plan], store: Store
) -> None:
    twice = STUDY.replace(
        "limit: 2, minutes: 0}", "limit: 2, minutes: 0}\n  - {use: accuracy, as: one, limit: 1, minutes: 0}"
    )
    made = study(*ONE, text=twice)
    execute(made, store)
    trained: list[float] = []
    execute(
        made,
        store,
        only="all",
        tell=lambda cell, outcome: trained.append(outcome.facts["seconds"]["training"]),
    )
    assert (len(trained), len(set(trained))) == (2, 1)


def test_a_frozen_part_is_kept_and_the_rest_of_the_encoder_learns(
    study: Callable[..., Plan], store: Store
) -> None:
    made = study(*ONE, "recipe.frozen=x8", "model.decoder.low_level=[x4]")
    execute(made, store)
    (cell,) = made.cells
    outcome = store.outcome(cell)
    assert outcome is not None
    network = assemble({"encoder": "efficientnet-lite0", "output_stride": 16, "decoder": DECODER}, 5)
    assert isinstance(network, Segmenter)
    at_rest = sum(p.numel() for module in network.encoder.head("x8") for p in module.parameters())
    assert outcome.facts["parameters"] - outcome.facts["trained_parameters"] == at_rest
    assert "the encoder was frozen up to its feature x8" in outcome.measurements[0].convention
    trained = next(store.root.glob("cache/training/*/checkpoint.pt"))
    weights = torch.load(trained, weights_only=True)["network"]
    torch.manual_seed(0)
    fresh = assemble(
        {"encoder": "efficientnet-lite0", "output_stride": 16, "decoder": DECODER}, cell.reads["classes"]
    ).state_dict()
    changed = {name for name in fresh if not torch.equal(weights[name], fresh[name])}
    head = {f"blocks.{number}." for number in range(5)} | {"stem."}
    of_the_encoder = {name.removeprefix("encoder.") for name in changed if name.startswith("encoder.")}
    assert of_the_encoder
    assert not {name for name in of_the_encoder if name.startswith(tuple(head))}


def test_what_a_frozen_part_gives_is_what_the_whole_network_gives(
    study: Callable[..., Plan], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study(*ONE, "recipe.frozen=x8")
    (cell,) = made.cells
    execute(made, store)
    kept = store.artefact(cell, "images.npz")["confusions"].astype(np.int64)
    monkeypatch.setattr(learn.Learning, "_features_of_scored", lambda self: None)
    execute(made, store, only="all")
    seen = store.artefact(cell, "images.npz")["confusions"].astype(np.int64)
    assert np.abs(kept - seen).sum() <= 0.01 * kept.sum()


def test_ways_to_say_what_is_frozen_are_one_cell(study: Callable[..., Plan]) -> None:
    (probe,) = study(*ONE).cells
    (same,) = study(*ONE, "recipe.encoder=trained", "recipe.frozen=all").cells
    assert same.key == probe.key
    (trained,) = study(*ONE, "recipe.encoder=trained").cells
    (none,) = study(*ONE, "recipe.frozen=none").cells
    (part,) = study(*ONE, "recipe.frozen=x8").cells
    assert none.key == trained.key
    assert len({probe.key, trained.key, part.key}) == 3


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (
            ["recipe.frozen=x166"],
            "encoder `efficientnet-lite0` has no feature `x166`",
            "did you mean `x16`?",
        ),
        (
            ["recipe.frozen=x32"],
            "`x32` lies behind all that is read of the encoder: nothing of it would learn",
            "write `recipe.frozen: all`",
        ),
        (
            ["model.encoder=resnet18", "recipe.frozen=b2u1c2"],
            "encoder `resnet18` cannot run on from its feature `b2u1c2`",
            "it can from `conv1`, `b1`, `b2`, `b3`, `b4`",
        ),
    ],
)
def test_a_frozen_feature_that_cannot_be_is_refused_when_it_is_planned(
    study: Callable[..., Plan], changes: list[str], message: str, hint: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        study(*ONE, *changes)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert "recipe.frozen" in (caught.value.where or "")


def test_bfloat16_that_the_processor_lacks_is_refused_or_told(
    study: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    with pytest.raises(SegablateError, match="does not compute in bfloat16") as caught:
        study(*ONE, "recipe.precision=bf16")
    assert "recipe.precision" in (caught.value.where or "")
    precision._warn.cache_clear()
    (fallen,) = study(*ONE, "recipe.precision=bf16", "recipe.or_fp32=true").cells
    assert capsys.readouterr().err == (
        "note: the processor does not compute in bfloat16: the recipe runs in fp32\n"
    )
    assert fallen.key == study(*ONE).cells[0].key
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    (given,) = study(*ONE, "recipe.precision=bf16", "recipe.or_fp32=true").cells
    assert given.reads["recipe"]["precision"] == "bf16"
    assert given.key == study(*ONE, "recipe.precision=bf16").cells[0].key


def test_settings_of_a_later_day_leave_the_keys_of_the_probe_alone(study: Callable[..., Plan]) -> None:
    (cell,) = study(*ONE).cells
    assert cell.key == "2027afe1de183b5cd8d1"
    given = ("recipe.pooled_norm=batch", "recipe.or_fp32=false", "recipe.frozen=null")
    assert study(*ONE, *given).cells[0].key == cell.key
    assert study(*ONE, "recipe.pooled_norm=renorm").cells[0].key != cell.key


def test_what_is_written_of_a_recipe_is_read_back_whatever_its_defaults(study: Callable[..., Plan]) -> None:
    (cell,) = study(*ONE, "recipe.use=finetune", "recipe.frozen=x8", "recipe.pooled_norm=batch").cells
    made = learn._recipe(cell.reads["recipe"])
    assert (made.pooled_norm, made.frozen, made.or_fp32) == ("batch", "x8", False)
