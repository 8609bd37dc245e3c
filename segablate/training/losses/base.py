"""What a loss is: a mean over something of what a network answers, against the labels.

A loss also tells how much it is a mean over. Where a batch goes through the network in parts, the parts'
losses are weighed by that, so that their sum is the loss of the batch.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from segablate.models.segmenter import Answer
from segablate.models.upsamplers.base import Upsampler
from segablate.registry import Registry

losses = Registry("loss", "segablate.training.losses")

IGNORE = 255


class Loss(nn.Module):
    """Base of all losses.

    Args:
        upsampler: that of the network, for losses that look at the code; None for a network from outside.

    Attributes:
        looks_at: the scores, or the code, which an auxiliary head has not.
    """

    looks_at: ClassVar[Literal["scores", "code"]] = "scores"

    def __init__(self, upsampler: Upsampler | None, /) -> None:
        super().__init__()

    def amount(self, labels: Tensor) -> Tensor:
        """How many pixels (or what else) the loss is a mean over, at least 1."""
        return (labels != IGNORE).sum().clamp(min=1)

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            answer: of the network.
            labels: (batch, height, width), int64, `IGNORE` where a pixel counts as nothing.
        """
        raise NotImplementedError


def share(loss: Loss, part: Tensor, whole: Tensor) -> Tensor:
    """How much of the loss of a batch is that of one of its parts, given the labels of both."""
    return loss.amount(part).to(torch.float32) / loss.amount(whole)
