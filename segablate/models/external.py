"""A network from outside: any function that returns a torch module.

        model: {use: external, factory: "package.module:function", settings: {…}}

Such code is run, so it is refused unless the command line allows it. What comes back is tried on a random
batch, and told what is off: a network here takes (batch, 3, height, width) and gives scores of the same
height and width for every class. Toolkits that wrap the scores in a mapping, a sequence or an object
are understood.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError, near_miss

# no dot in front: there is no package that it would be relative to
FACTORY = re.compile(r"[^:.\s]+(\.[^:.\s]+)*:[^:.\s]+")
KEYS = ("out", "logits", "scores")
TRIED = (2, 3, 64, 96)


class External(nn.Module):
    """A module from outside, giving its scores as a plain tensor.

    Args:
        module: what the factory returned.
        factory: its name, for messages.
        classes: number of classes.
    """

    def __init__(self, module: nn.Module, factory: str, classes: int) -> None:
        super().__init__()
        self.module = module
        self.factory = factory
        self.classes = classes

    def check_size(self, height: int, width: int) -> None:
        """Nothing is known about the sizes it takes; running it will tell."""

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → scores (batch, classes, height, width)."""
        return _scores(self.module(image))

    def checked(self, image: Tensor) -> Tensor:
        """As `forward`, where sizes come up that it was not tried with: in training and scoring.

        Raises:
            SegablateError: the scores are not (batch, classes, height, width).
        """
        scores: Tensor = self(image)
        _fitting(scores, image, self.factory, self.classes)
        return scores


def external(model: Mapping[str, Any], classes: int, *, allow: bool) -> External:
    """Call the factory and check what it returns.

    Args:
        model: `use`, `factory` and perhaps `settings`, keywords for the factory.
        classes: number of classes.
        allow: whether code from outside may be run.

    Raises:
        SegablateError: it is not allowed, cannot be found, fails, or does not give such scores.
    """
    factory, settings = spec(model)
    if not allow:
        raise SegablateError(
            f"`{factory}` is code from outside, which is not run unless you allow it",
            hint="look at it, then pass `--allow-external`",
            field="factory",
        )
    function = _find(factory)
    try:
        module = function(**settings)
    except TypeError as error:
        raise SegablateError(
            f"`{factory}` cannot be called so: {error}",
            hint="`settings` are its arguments, on a command line `--set settings.NAME=VALUE`",
            field="settings",
        ) from error
    if not isinstance(module, nn.Module):
        raise SegablateError(
            f"`{factory}` returns a `{type(module).__name__}`, not a `torch.nn.Module`", field="factory"
        )
    network = External(module, factory, classes)
    _try(network)
    return network


def spec(model: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The factory's name and its settings.

    Raises:
        SegablateError: one is missing or of another kind, or there is something else.
    """
    known = ("use", "factory", "settings")
    for word in model:
        if word not in known:
            raise SegablateError(
                f"an external model has no `{word}`", hint=near_miss(word, known), field=word
            )
    factory, settings = model.get("factory"), model.get("settings") or {}
    if not isinstance(factory, str) or not FACTORY.fullmatch(factory):
        raise SegablateError(
            f"`factory` is `{factory}`", hint="write `package.module:function`", field="factory"
        )
    if not isinstance(settings, Mapping):
        raise SegablateError("`settings` is not a mapping", field="settings")
    return factory, dict(settings)


def _find(factory: str) -> Any:
    module, _, name = factory.partition(":")
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        raise SegablateError(f"`{module}` cannot be imported: {error}", field="factory") from error
    if not callable(getattr(imported, name, None)):
        names = [
            other
            for other in dir(imported)
            if not other.startswith("_") and callable(getattr(imported, other))
        ]
        raise SegablateError(
            f"`{module}` has no function `{name}`", hint=near_miss(name, names), field="factory"
        )
    return getattr(imported, name)


def _scores(output: Any) -> Tensor:
    if isinstance(output, Mapping):
        output = next((output[key] for key in KEYS if key in output), output)
    elif isinstance(output, Sequence) and output:
        output = output[0]
    elif not isinstance(output, Tensor):
        output = getattr(output, "logits", output)
    if not isinstance(output, Tensor):
        raise SegablateError(
            f"the network gives a `{type(output).__name__}`, in which no scores are found",
            hint=f"return a tensor, or a mapping with one of {', '.join(f'`{key}`' for key in KEYS)}",
            field="factory",
        )
    return output


@torch.no_grad()
def _try(network: External) -> None:
    image = torch.randn(TRIED, generator=torch.Generator().manual_seed(0))
    was_training = network.training
    network.eval()
    try:
        scores = network.checked(image)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise SegablateError(
            f"`{network.factory}` fails on a random {_sides(TRIED)} batch: {error}", field="factory"
        ) from error
    network.train(was_training)
    if not torch.isfinite(scores).all():
        raise SegablateError(f"`{network.factory}` gives scores that are not finite", field="factory")


def _fitting(scores: Tensor, image: Tensor, factory: str, classes: int) -> None:
    batch, _, height, width = image.shape
    wanted = (batch, classes, height, width)
    if scores.shape != wanted:
        raise SegablateError(
            f"`{factory}` gives {_sides(scores.shape)} scores, but {_sides(wanted)} are needed",
            hint=_remedy(scores, classes),
            field="factory",
        )


def _sides(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _remedy(scores: Tensor, classes: int) -> str:
    if scores.ndim != 4:
        return "a score for every image, class and pixel is needed"
    if scores.shape[1] != classes:
        return f"make it with {classes} classes: see the factory's own setting for their number"
    return "enlarge the scores to the image's size inside the factory"
