"""The detail loss of STDC: a head at 1/8 must find where the labels change.

        labels ── Laplacian at strides 1, 2, 4 ── > 0.1 each ── 0.6, 0.3, 0.1 of them ── > 0.1 ──► edges

Fan et al., Rethinking BiSeNet, CVPR 2021, arXiv:2104.13188, Sec. 3.3, and the released code: binary
cross-entropy and dice against the edges. The paper mixes the three scales by a learned 1×1 convolution that
no gradient ever reaches, for the mixture is cut at 0.1, so that it stays at 0.6, 0.3, 0.1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.models.segmenter import Answer
from segablate.training.losses.base import Loss, losses

LAPLACIAN = ((-1.0, -1.0, -1.0), (-1.0, 8.0, -1.0), (-1.0, -1.0, -1.0))
MIXTURE = ((1, 0.6), (2, 0.3), (4, 0.1))
CUT = 0.1


@losses.register(paper="arXiv:2104.13188")
class Detail(Loss):
    """Binary cross-entropy and dice between one score a pixel and the edges of the labels."""

    def amount(self, labels: Tensor) -> Tensor:
        """Images: dice is a mean over them."""
        return torch.tensor(len(labels), device=labels.device)

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`; the scores are (batch, 1, height, width)."""
        truth = edges(labels)
        loss = F.binary_cross_entropy_with_logits(answer.scores, truth)
        return loss + _dice(answer.scores.sigmoid(), truth)


@torch.no_grad()
def edges(labels: Tensor) -> Tensor:
    """Where labels change, (batch, 1, height, width), 0 or 1; `IGNORE` counts as one more label."""
    values = labels[:, None].float()
    kernel = torch.tensor(LAPLACIAN, device=labels.device)[None, None]
    mixed = torch.zeros_like(values)
    for stride, weight in MIXTURE:
        response = F.conv2d(values, kernel, stride=stride, padding=1).clamp(min=0)
        mixed += weight * F.interpolate((response > CUT).float(), values.shape[-2:], mode="nearest")
    return (mixed > CUT).float()


def _dice(predicted: Tensor, truth: Tensor) -> Tensor:
    predicted, truth = predicted.flatten(1), truth.flatten(1)
    both = (predicted * truth).sum(1)
    return (1 - (2 * both + 1) / (predicted.sum(1) + truth.sum(1) + 1)).mean()
