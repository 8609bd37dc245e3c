"""Cross-entropy over all pixels, or over the hard ones."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.segmenter import Answer
from segablate.models.upsamplers.base import Upsampler
from segablate.training.losses.base import IGNORE, Loss, losses

EPSILON = 1e-5


@losses.register("cross-entropy")
class CrossEntropy(Loss):
    """Mean of −log p over the pixels that have a class.

    Args:
        smoothing: share of the truth that is spread over all classes.
    """

    def __init__(self, upsampler: Upsampler | None, /, *, smoothing: float = 0.0) -> None:
        super().__init__(upsampler)
        if not 0 <= smoothing < 1:
            raise SegablateError(f"`smoothing` is {smoothing}, but lies in 0…1", field="smoothing")
        self.smoothing = smoothing

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`; 0 where no pixel has a class."""
        total = F.cross_entropy(
            answer.scores, labels, ignore_index=IGNORE, reduction="sum", label_smoothing=self.smoothing
        )
        return total / self.amount(labels)


@losses.register("ohem", paper="arXiv:2204.02681")
class OHEM(Loss):
    """Cross-entropy over the hard pixels: online hard example mining as PaddleSeg releases it.

    A pixel is kept if the probability of its true class is below the threshold, or below that of the
    `min_kept`-th hardest pixel of the batch where that is higher. All are kept where there are no more.
    A batch that goes through the network in parts is mined part by part.
    With `min_kept: 0` the threshold alone decides; PaddleSeg's code then leaves it out and keeps every pixel.

    Args:
        threshold: a pixel above it is easy.
        min_kept: about so many pixels of a batch are kept at least; 0: those below the threshold, if any.
    """

    def __init__(
        self, upsampler: Upsampler | None, /, *, threshold: float = 0.7, min_kept: int = 130_000
    ) -> None:
        super().__init__(upsampler)
        if min_kept < 0:
            raise SegablateError(f"`min_kept` is {min_kept}, but must not be below 0", field="min_kept")
        self.threshold = threshold
        self.min_kept = min_kept

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`: mean(loss · kept) / (mean(kept) + 1e-5)."""
        losses = F.cross_entropy(answer.scores, labels, ignore_index=IGNORE, reduction="none")
        hard = self.hardest(losses.detach(), labels != IGNORE)
        return (losses * hard).mean() / (hard.to(losses.dtype).mean() + EPSILON)

    def hardest(self, losses: Tensor, valid: Tensor) -> Tensor:
        """Which pixels are kept, (batch, height, width), given each one's −log p of the true class."""
        # p is never computed over all classes: the loss of a pixel is its −log already
        true = (-losses).exp()
        if self.min_kept >= int(valid.sum()):
            return valid
        if self.min_kept == 0:
            return valid & (true < self.threshold)
        hard = torch.where(valid, true, torch.inf).flatten()
        limit = hard.kthvalue(self.min_kept).values.clamp(min=self.threshold)
        return valid & (true < limit)
