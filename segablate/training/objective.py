"""What is minimised: the loss of the answer, and of the auxiliary heads with their weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from segablate.errors import SegablateError, context, near_miss
from segablate.models.auxiliary import Head
from segablate.models.segmenter import Answer, Segmenter
from segablate.training.losses.base import Loss, losses, share
from segablate.training.losses.cross_entropy import CrossEntropy
from segablate.training.losses.detail import Detail
from segablate.training.recipes.base import Recipe


class Objective:
    """The loss of a network under a recipe.

    A head that names a loss is asked by that one. Of the others, one with another number of scores than
    classes is a detail head: it is asked for the edges. The rest is asked what the network is asked, by the
    same loss; one that looks at the code gives way to cross-entropy.

    Args:
        network: what is trained.
        recipe: names the loss and the weights.
        classes: number of classes.

    Raises:
        SegablateError: there is no such loss or head, or the loss does not fit the network.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, classes: int) -> None:
        ours = isinstance(network, Segmenter)
        upsampler = network.upsampler if isinstance(network, Segmenter) else None
        with context(field="loss"):
            part, settings = losses.resolve(recipe.loss)
            self.main: Loss = part.build({"upsampler": upsampler}, settings)
        # a head has no code
        other: Loss = self.main if self.main.looks_at == "scores" else CrossEntropy(None)
        heads = network.heads() if isinstance(network, Segmenter) else {}
        for name in recipe.auxiliary:
            if name not in heads:
                hint = near_miss(name, heads) if ours else "it has none"
                raise SegablateError(
                    f"the network has no auxiliary head `{name}`", hint=hint, field=f"auxiliary.{name}"
                )
        self.heads: dict[str, tuple[float, Loss]] = {
            name: (
                recipe.auxiliary.get(name, recipe.auxiliary_weight if head.weight is None else head.weight),
                _loss_of(name, head, Detail(None) if head.outputs != classes else other),
            )
            for name, head in heads.items()
        }

    def __call__(self, answer: Answer, labels: Tensor, whole: Tensor | None = None) -> Tensor:
        """The loss of a batch, or of its part that has these labels.

        Args:
            answer: of the network.
            labels: int64 (batch, height, width).
            whole: the labels of the whole batch, where this is a part of it.
        """
        total = self._of(self.main, answer, labels, whole)
        for name, scores in answer.auxiliary.items():
            weight, loss = self.heads[name]
            total = total + weight * self._of(loss, Answer(scores), labels, whole)
        return total

    def _of(self, loss: Loss, answer: Answer, labels: Tensor, whole: Tensor | None) -> Tensor:
        value: Tensor = loss(answer, labels)
        return value if whole is None else value * share(loss, labels, whole)


def _loss_of(name: str, head: Head, usual: Loss) -> Loss:
    if head.loss is None:
        return usual
    with context(field=f"model.auxiliary.{name}.loss"):
        part, settings = losses.resolve(head.loss)
        made: Loss = part.build({"upsampler": None}, settings)
    return made


def completed(spec: str | Mapping[str, Any]) -> dict[str, Any]:
    """A loss with its version and all settings, as JSON values."""
    with context(field="loss"):
        return losses.to_wire(spec)
