"""Context encoding: how far an image's features are from learned codewords says which channels matter.

        x ── 3×3 conv ── y ──┬──────────────────────────────────────────────► + ── ReLU ──► out
                             ├───────────────────────────────────────► × ────┘
                             └─ 1×1 conv ── residuals to codewords ─► γ ┘

Zhang et al., Context Encoding for Semantic Segmentation, CVPR 2018, arXiv:1803.08904. In training an
auxiliary head also predicts from the code, `encoding`, which classes there are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm


class Codewords(nn.Module):
    """Softly assigned residuals to codewords, summed over the image.

    Args:
        channels: channels of the input.
        number: how many codewords.
    """

    def __init__(self, channels: int, number: int) -> None:
        super().__init__()
        reach = 1 / math.sqrt(number * channels)
        self.words = nn.Parameter(torch.empty(number, channels).uniform_(-reach, reach))
        self.scale = nn.Parameter(torch.empty(number).uniform_(-1, 0))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, number, channels)."""
        cells = x.flatten(2)
        length = cells.square().sum(1, keepdim=True) + self.words.square().sum(1)[:, None]
        distance = length - 2 * (self.words @ cells)
        share = (self.scale[:, None] * distance).softmax(dim=1)
        return share @ cells.transpose(1, 2) - share.sum(2, keepdim=True) * self.words


@contexts.register(paper="arXiv:1803.08904")
class Encoding(Context):
    """Channels weighed by what the whole image's code says.

    Args:
        feature: the encoder's last feature.
        channels: channels of the result.
        codewords: number of codewords.
        kernel: size of the first convolution, an odd number.
        dropout: share of the result's channels that training leaves out.
    """

    def __init__(
        self,
        feature: Feature,
        /,
        *,
        channels: int = 512,
        codewords: int = 32,
        kernel: int = 3,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(feature, channels)
        positive(codewords=codewords, kernel=kernel)
        self.narrow = ConvNorm(feature.channels, channels, kernel)
        self.mix = ConvNorm(channels, channels, 1)
        self.code = Codewords(channels, codewords)
        self.norm = nn.BatchNorm1d(codewords)
        self.weigh = nn.Linear(channels, channels)
        self.dropout = nn.Dropout2d(dropout)
        self.sees = (Feature("encoding", channels, feature.stride),)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        return self.seen(x)["context"]

    def seen(self, x: Tensor) -> dict[str, Tensor]:
        """The result, and the code of the whole image, (batch, channels, 1, 1)."""
        x = self.narrow(x)
        code = self.norm(self.code(self.mix(x))).relu().mean(1)
        weight: Tensor = self.weigh(code).sigmoid()[:, :, None, None]
        return {"context": self.dropout((x + x * weight).relu()), "encoding": code[:, :, None, None]}
