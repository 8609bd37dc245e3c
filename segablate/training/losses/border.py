"""DFN's loss of its border network: where one label meets another, which few pixels do.

        labels ── do they change within a pixel ──► borders ── focal loss ◄── a score for each level

Yu et al., CVPR 2018, arXiv:1804.09337, Sec. 3.2, with the focal loss of Lin et al., ICCV 2017,
arXiv:1708.02002. The paper finds borders with Canny's filter; on labels, which have no noise, that is where
they change. γ = 2 is Lin's; what the paper takes is not known.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.models.segmenter import Answer
from segablate.models.upsamplers.base import Upsampler
from segablate.training.losses.base import IGNORE, Loss, losses


@losses.register(paper="arXiv:1804.09337")
class Border(Loss):
    """Focal loss between each score of a pixel and whether labels meet there; the sum over scores.

    Args:
        upsampler: it does not look at it.
        focus: γ; at 0 it is binary cross-entropy.
    """

    def __init__(self, upsampler: Upsampler | None, /, *, focus: float = 2.0) -> None:
        super().__init__(upsampler)
        self.focus = focus

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`; the mean over pixels that are scored."""
        scores = answer.scores
        truth = borders(labels)[:, None].to(scores.dtype).expand_as(scores)
        loss = F.binary_cross_entropy_with_logits(scores, truth, reduction="none")
        right = torch.where(truth > 0, scores, -scores).sigmoid()
        valid = (labels != IGNORE)[:, None]
        return ((1 - right) ** self.focus * loss * valid).sum() / self.amount(labels)


def borders(labels: Tensor) -> Tensor:
    """Whether another label is within a pixel, (batch, height, width); `IGNORE` is none."""
    known = (labels != IGNORE).float()
    values = labels.float()
    most = F.max_pool2d((values * known - (1 - known))[:, None], 3, 1, 1)[:, 0]
    least = -F.max_pool2d((-values - (1 - known) * IGNORE)[:, None], 3, 1, 1)[:, 0]
    return (most != least) & (labels != IGNORE)
