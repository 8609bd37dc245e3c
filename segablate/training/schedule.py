"""Learning rates and the optimiser."""

from __future__ import annotations

import torch
from torch import nn

from segablate.training.recipes.base import Recipe


def rate(recipe: Recipe, iteration: int) -> float:
    """The learning rate of an iteration, from 0.

    In the warm-up it rises in a straight line from `warmup_from` to `rate`; then it falls as
    (1 − i/n)^power, where n counts the iterations after the warm-up.
    """
    if iteration < recipe.warmup:
        share = iteration / recipe.warmup
        return recipe.warmup_from + (recipe.rate - recipe.warmup_from) * share
    share = (iteration - recipe.warmup) / (recipe.iterations - recipe.warmup)
    return float(recipe.rate * (1 - share) ** recipe.power)


def set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Give every group its learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = value * group["factor"]


def optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of what of the network can change.

    Biases, norms' scales and the temperature have no direction in which to be large, so they are not decayed
    unless the recipe says so.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        decay = recipe.decay if parameter.ndim > 1 or recipe.decay_all else 0.0
        factor = recipe.encoder_rate if name.startswith("encoder.") else 1.0
        groups.setdefault((decay, factor), []).append(parameter)
    parameter_groups = [
        {"params": parameters, "weight_decay": decay, "factor": factor, "lr": recipe.rate}
        for (decay, factor), parameters in groups.items()
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(parameter_groups, betas=(recipe.momentum, 0.999))
    return torch.optim.SGD(parameter_groups, momentum=recipe.momentum)
