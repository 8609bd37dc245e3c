"""EncNet's loss: which classes are there at all, whatever their size.

        scores ── mean over the image ── binary cross-entropy ◄── 1 for each class of the label map, else 0

Zhang et al., Context Encoding for Semantic Segmentation, CVPR 2018, arXiv:1803.08904, Sec. 3.1: a small thing
counts as much as a large one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.models.segmenter import Answer
from segablate.training.losses.base import IGNORE, Loss, losses


@losses.register(paper="arXiv:1803.08904")
class Presence(Loss):
    """Binary cross-entropy of the classes that occur, from the mean score of the image."""

    def amount(self, labels: Tensor) -> Tensor:
        """Images."""
        return torch.tensor(len(labels), device=labels.device)

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`."""
        scores = answer.scores.mean((2, 3))
        there = torch.zeros(len(labels), IGNORE + 1, device=scores.device)
        there.scatter_(1, labels.flatten(1), 1.0)
        return F.binary_cross_entropy_with_logits(scores, there[:, : scores.shape[1]].to(scores.dtype))
