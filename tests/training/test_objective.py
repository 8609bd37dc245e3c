"""What heads of training are asked, and how much it weighs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter
from segablate.training.losses.border import Border
from segablate.training.losses.cross_entropy import CrossEntropy
from segablate.training.losses.detail import Detail
from segablate.training.losses.presence import Presence
from segablate.training.objective import Objective
from segablate.training.recipes.base import recipes

CLASSES = 3
HEADS: dict[str, dict[str, Any]] = {
    "usual": {"on": "x8"},
    "detail": {"on": "x8", "outputs": 1},
    "border": {"use": "border", "on": ["x4", "x8", "x16"]},
    "presence": {"on": "encoding", "channels": None, "bias": True, "loss": "presence", "weight": 0.2},
}


def network(heads: dict[str, dict[str, Any]] = HEADS) -> Segmenter:
    torch.manual_seed(0)
    context = {"use": "encoding", "channels": 16, "codewords": 4}
    made = assemble(
        {"encoder": "attanet-light", "output_stride": 16, "context": context, "auxiliary": heads}, CLASSES
    )
    assert isinstance(made, Segmenter)
    return made.train()


def recipe(**settings: Any) -> Any:
    return recipes.part("probe").build({}, settings)


def test_a_head_is_asked_by_the_loss_that_it_names() -> None:
    asked = Objective(network(), recipe(), CLASSES).heads
    kinds = {name: type(loss) for name, (_, loss) in asked.items()}
    assert kinds == {"usual": CrossEntropy, "detail": Detail, "border": Border, "presence": Presence}


def test_a_recipe_s_weight_goes_before_a_head_s_own() -> None:
    usual = recipe().auxiliary_weight
    found = {name: weight for name, (weight, _) in Objective(network(), recipe(), CLASSES).heads.items()}
    assert found == {"usual": usual, "detail": usual, "border": 0.1, "presence": 0.2}
    chosen = Objective(network(), recipe(auxiliary={"border": 0.5}), CLASSES).heads
    assert chosen["border"][0] == 0.5


def test_every_head_learns_and_none_is_part_of_the_answer() -> None:
    made = network()
    images, labels = torch.randn(2, 3, 64, 96), torch.randint(0, CLASSES, (2, 64, 96))
    features = made.encoder(images, made.features_read())
    Objective(made, recipe(), CLASSES)(made.decode(features, (64, 96)), labels).backward()
    assert [name for name, p in made.named_parameters() if p.grad is None] == []
    answered = {name for name, _ in made.eval().without_auxiliary().named_parameters()}
    assert not any(name.startswith("auxiliary") for name in answered)


def test_a_loss_that_is_not_there_is_refused_with_its_place() -> None:
    made = network({"one": {"on": "x8", "loss": "presense"}})
    with pytest.raises(SegablateError, match="there is no loss `presense`") as caught:
        Objective(made, recipe(), CLASSES)
    assert caught.value.field == "model.auxiliary.one.loss"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"use": "bordr", "on": ["x8"]}, "there is no auxiliary head `bordr`"),
        ({"use": "border", "on": ["x8", "x9"]}, "auxiliary head `one` looks at `x9`"),
        ({"on": "x8", "scored": True}, "holds no scores of 3 classes"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(head: dict[str, Any], message: str) -> None:
    with pytest.raises(SegablateError, match=message) as caught:
        network({"one": head})
    assert str(caught.value.field).startswith("auxiliary.one")
