"""SPP: the narrowed feature beside its means over grids whose cells are square.

             ┌───────────────────────────────────────────────────┐
        x ── 1×1 conv ── mean over 8 rows ── 1×1 conv ── resize ─┼─ cat ── 1×1 conv ──► out
                      ├─ 4 rows …                                │
                      └─ mean over 2 rows ── 1×1 conv ── resize ─┘

Oršić et al., SwiftNet, CVPR 2019, arXiv:1903.08469. Each convolution follows a norm and a ReLU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.check import positive
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature
from segablate.models.layers import NormConv, resize

MOMENTUM = 0.005


@contexts.register(paper="arXiv:1903.08469")
class SPP(Context):
    """Concatenation of the narrowed feature and its means over grids of a few rows.

    Args:
        feature: the encoder's last feature.
        channels: channels of the narrowed feature and of the result.
        rows: rows of each grid; it has as many columns as make its cells square. Together the grids get as
            many channels as the narrowed feature has.
    """

    def __init__(
        self, feature: Feature, /, *, channels: int = 128, rows: tuple[int, ...] = (8, 4, 2)
    ) -> None:
        super().__init__(feature, channels)
        positive(rows=min(rows, default=0))
        inner = max(1, channels // len(rows))
        self.rows = rows
        self.narrow = NormConv(feature.channels, channels, 1, momentum=MOMENTUM)
        self.stages = nn.ModuleList(
            NormConv(channels, inner, 1, momentum=MOMENTUM, pooled=True) for _ in rows
        )
        self.merge = NormConv(channels + inner * len(rows), channels, 1, momentum=MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, feature, h, w) → (batch, channels, h, w)."""
        x = self.narrow(x)
        height, width = int(x.shape[-2]), int(x.shape[-1])
        parts = [x]
        for stage, rows in zip(self.stages, self.rows, strict=True):
            grid = (rows, max(1, round(rows * width / height)))
            parts.append(resize(stage(F.adaptive_avg_pool2d(x, grid)), x))
        merged: Tensor = self.merge(torch.cat(parts, dim=1))
        return merged
