"""Learning rates by hand, and who is decayed."""

from __future__ import annotations

import pytest
import torch

from segablate.models.assemble import assemble
from segablate.training import schedule
from segablate.training.recipes.base import Recipe


def test_poly_by_hand() -> None:
    recipe = Recipe(iterations=10, rate=0.01, power=0.9)
    rates = [schedule.rate(recipe, i) for i in (0, 5, 9)]
    assert rates == pytest.approx([0.01, 0.01 * 0.5**0.9, 0.01 * 0.1**0.9])


def test_the_warm_up_rises_in_a_straight_line_and_poly_follows() -> None:
    recipe = Recipe(iterations=14, rate=0.01, warmup=4, warmup_from=0.002, power=2.0)
    rates = [schedule.rate(recipe, i) for i in (0, 1, 2, 3, 4, 9, 13)]
    assert rates == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.01, 0.01 * 0.25, 0.01 * 0.01])


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
@pytest.mark.parametrize("everything", [False, True])
def test_biases_and_norms_are_decayed_only_where_the_recipe_says_so(optimiser: str, everything: bool) -> None:
    network = assemble({"encoder": "resnet18"}, 3)
    recipe = Recipe(optimiser=optimiser, decay=0.1, decay_all=everything, encoder_rate=0.5)  # type: ignore[arg-type]
    made = schedule.optimiser(network, recipe)
    schedule.set_rate(made, 0.02)
    by_id = {id(p): group for group in made.param_groups for p in group["params"]}
    for name, parameter in network.named_parameters():
        group = by_id[id(parameter)]
        assert group["weight_decay"] == (0.1 if everything or parameter.ndim > 1 else 0.0), name
        assert group["lr"] == (0.01 if name.startswith("encoder.") else 0.02)


def test_what_is_frozen_is_not_touched() -> None:
    network = torch.nn.Linear(2, 2)
    network.bias.requires_grad_(False)
    assert sum(len(g["params"]) for g in schedule.optimiser(network, Recipe()).param_groups) == 1
