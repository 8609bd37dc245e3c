"""A model from outside, trained and scored beside one of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from segablate.errors import SegablateError
from segablate.labels.confusion import scores
from segablate.run.execute import Summary, execute
from segablate.run.plan import Plan, plan
from segablate.run.store import Store
from segablate.study.load import load

FACTORY = """\
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, classes, width, sizes, learns):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, 4, 1), nn.ReLU(), nn.Conv2d(width, classes, 1))
        self.sizes = sizes
        self.learns = learns

    def forward(self, image):
        with torch.set_grad_enabled(self.learns and torch.is_grad_enabled()):
            return self.scores(image)

    def scores(self, image):
        size = image.shape[2:]
        if self.sizes == "whole" or image.shape[-1] == 96:
            return {"out": F.interpolate(self.body(image), size, mode="bilinear")}
        return F.interpolate(self.body(image), scale_factor=2)


def make(classes, width=8, sizes="whole", at_rest=False, learns=True):
    return Net(classes, width, sizes, learns).requires_grad_(not at_rest)
"""
STUDY = """\
name: mine
question: Is a network of my own as good?
fixed:
  data: {{use: shapes, images: 4, size: [64, 96]}}
  recipe: {{use: quick, crop: [64, 64], iterations: {iterations}, batch: 2, warmup: 0}}
vary:
  model:
{ours}    mine: {{use: external, factory: "a_net_to_train:make", settings: {settings}}}
measure:
  - {{use: accuracy, limit: 2, minutes: 0}}
repeat: {repeat}
"""
CLASSES = 10
OURS = "    ours: {encoder: efficientnet-lite0, decoder: {use: aggregate, low_level: []}}\n"
FACTORY_LINE = 8


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plan]:
    """A study of a network in a file of one's own."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "a_net_to_train", raising=False)
    (tmp_path / "a_net_to_train.py").write_text(FACTORY)

    def make(
        *changes: str, settings: str = f"{{classes: {CLASSES}}}", allow: bool = True, repeat: int = 1,
        iterations: int = 3, alone: bool = False,
    ) -> Plan:  # fmt: skip
        path = tmp_path / "mine.yaml"
        ours = "" if alone else OURS
        path.write_text(STUDY.format(ours=ours, settings=settings, repeat=repeat, iterations=iterations))
        return plan(load(path, list(changes)), allow_external=allow)

    return make


def run(made: Plan, where: Path) -> tuple[Store, Summary]:
    store = Store(where)
    return store, execute(made, store)


def weights(store: Store) -> dict[str, torch.Tensor]:
    """Of the model from outside, at the end of its training."""
    found = (torch.load(path, weights_only=True) for path in store.root.rglob("checkpoint.pt"))
    (network,) = [kept["network"] for kept in found if "module.body.0.weight" in kept["network"]]
    return dict(network)


def test_it_is_trained_and_scored_beside_ours_with_all_that_a_claim_needs(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    made = study()
    store, summary = run(made, tmp_path / "runs")
    assert (summary.done, summary.failed) == (2, 0), summary.failures
    ours, mine = (store.outcome(cell) for cell in made.cells)
    assert ours is not None
    assert mine is not None
    images = store.artefact(made.cells[1], "images.npz")
    assert scores(images["confusions"].sum(0)).miou == pytest.approx(mine.value("miou"))
    assert mine.facts["iterations"] == 3
    assert mine.facts["pixels"] == ours.facts["pixels"]
    assert {"upsampler", "output_stride"}.isdisjoint(mine.reads)
    assert mine.reads["recipe"] == ours.reads["recipe"]
    assert str(tmp_path) not in mine.to_json()


def test_its_first_weights_are_the_seeds_and_a_second_run_repeats_them_bit_for_bit(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    first, second = (weights(run(study(alone=True), tmp_path / name)[0]) for name in ("a", "b"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    made = study(alone=True, repeat=2)
    store, _ = run(made, tmp_path / "c")
    one, other = (store.artefact(cell, "curve.npz")["curve"] for cell in made.cells)
    assert not np.array_equal(one[:, 1], other[:, 1])


def test_it_learns(study: Callable[..., Plan], tmp_path: Path) -> None:
    made = study("recipe.rate=0.02", alone=True, iterations=60)
    store, _ = run(made, tmp_path / "runs")
    loss = store.artefact(made.cells[0], "curve.npz")["curve"][:, 1]
    assert loss[-10:].mean() < 0.8 * loss[:10].mean()


def test_scores_of_another_size_than_the_crop_fail_its_cell_and_no_other(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    # right for the batch it is tried with, and for that only
    made = study(settings=f"{{classes: {CLASSES}, sizes: wide}}")
    _, summary = run(made, tmp_path / "runs")
    assert (summary.done, summary.failed) == (1, 1)
    ((_, reason),) = summary.failures
    assert reason == f"`a_net_to_train:make` gives 2×{CLASSES}×32×32 scores, but 2×{CLASSES}×64×64 are needed"


def test_what_scores_of_another_size_than_the_image_would_be_fails_its_cell_too(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    made = study(
        "data.size=[64, 128]",
        "recipe.crop=[64, 96]",
        settings=f"{{classes: {CLASSES}, sizes: wide}}",
        alone=True,
    )
    _, summary = run(made, tmp_path / "runs")
    ((_, reason),) = summary.failures
    assert f"gives 1×{CLASSES}×32×64 scores, but 1×{CLASSES}×64×128 are needed" in reason


def test_scores_that_carry_no_gradient_fail_its_cell_with_what_to_look_for(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    made = study(settings=f"{{classes: {CLASSES}, learns: false}}")
    _, summary = run(made, tmp_path / "runs")
    assert (summary.done, summary.failed) == (1, 1)
    ((_, reason),) = summary.failures
    assert "`a_net_to_train:make` gives scores that carry no gradient" in reason


@pytest.mark.parametrize(
    ("settings", "change", "line", "message"),
    [
        ("{classes: 5}", "", FACTORY_LINE, f"gives 2×5×64×96 scores, but 2×{CLASSES}×64×96 are needed"),
        (f"{{classes: {CLASSES}, at_rest: true}}", "", FACTORY_LINE, "without a parameter that training may"),
        (f"{{classes: {CLASSES}}}", "recipe.encoder=frozen", None, "cannot be frozen"),
        (f"{{classes: {CLASSES}}}", "recipe.encoder_rate=0.1", None, "cannot have a rate of its own"),
        (f"{{classes: {CLASSES}}}", "recipe.loss=code-regression", None, "needs the upsampler `dupsampling`"),
        (f"{{classes: {CLASSES}}}", "recipe.auxiliary={x16: 1.0}", None, "no auxiliary head `x16`"),
    ],
)
def test_what_cannot_be_trained_is_refused_when_it_is_planned(
    study: Callable[..., Plan], settings: str, change: str, line: int | None, message: str
) -> None:
    with pytest.raises(SegablateError) as caught:
        study(*([change] if change else []), settings=settings, alone=True)
    assert message in caught.value.message
    assert caught.value.where
    assert line is None or caught.value.where.endswith(f"mine.yaml:{line}")


def test_it_is_refused_unless_that_is_allowed_when_planned_and_when_run(
    study: Callable[..., Plan], tmp_path: Path
) -> None:
    with pytest.raises(SegablateError, match="code from outside, which is not run unless you allow it"):
        study(allow=False)
    made = study(alone=True)
    _, summary = run(Plan(made.study, made.rows), tmp_path / "runs")
    ((_, reason),) = summary.failures
    assert "is code from outside" in reason
