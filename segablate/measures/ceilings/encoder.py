"""The encoder of `encode: autoencoder`: label maps → the code of an upsampler.

    each class that occurs, by itself:
        its mask ───┬────────────────────────────────────────── patches ──┐
                    └┐                                                    + ── P ── Σ over classes ──► code
        what is not ─┴─ conv, stride 4 ─ conv, stride 2 … ─ 2 × ─ 1×1 ────┘
        scored                          at 1/r        residual, starts at 0

The architecture is ours: Tian et al., CVPR 2019, arXiv:1903.02120, say "a very simple auto-encoder" and
no more. P is the linear projection of `encode: project` where the upsampler has one, and stays: the network
learns how to change the patches before it, and training starts at what the projection gives. Where there is
no projection, P is learned as well. The network is shared by the classes: a border looks the same
whatever it is between, and 21 classes seldom come together.
Strided convolutions are 3×3 with stride 2, or patches with another; a ReLU follows each; there is no
normalisation. Weights start as in He et al., arXiv:1502.01852.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.labels.subspace import Subspace

BLOCKS = 2


class Encoder(nn.Module):
    """A convolutional encoder of label maps.

    Args:
        classes: number of classes C.
        stride: pixels a cell is high and wide.
        channels: width of the code.
        width: width of the network.
        projection: P (C, channels, stride²) and what is added, (channels,); None to learn it.
    """

    def __init__(
        self, classes: int, stride: int, channels: int, width: int, projection: tuple[Tensor, Tensor] | None
    ) -> None:
        super().__init__()
        self.classes = classes
        self.stride = stride
        layers: list[nn.Module] = []
        deep = 2
        for step in steps(stride):
            # halving looks one pixel beyond; any other step is a patch by itself
            kernel, edge = (3, 1) if step <= 2 else (step, 0)
            layers += [nn.Conv2d(deep, width, kernel, step, edge), nn.ReLU()]
            deep = width
        self.network = nn.Sequential(*layers, *(Residual(width) for _ in range(BLOCKS)))
        for layer in self.network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.last = nn.Conv2d(width, stride * stride, 1)
        _zero(self.last)
        start = projection or (torch.randn(classes, channels, stride**2) / stride, torch.zeros(channels))
        self.projection = nn.Parameter(start[0], requires_grad=projection is None)
        self.offset = nn.Parameter(start[1], requires_grad=projection is None)

    def forward(self, labels: Tensor) -> Tensor:
        """(batch, height, width) int64, −1 for ignored → (batch, channels, height / r, width / r)."""
        maps, classes = _occurring(labels, self.classes)
        masks = (labels[maps] == classes[:, None, None])[:, None].float()
        ignored = (labels < 0)[maps, None].float()
        patches = F.pixel_unshuffle(masks, self.stride)
        patches = patches + self.last(self.network(torch.cat([masks, ignored], dim=1)))
        parts = torch.einsum("nkp,nphw->nkhw", self.projection[classes], patches)
        code: Tensor = parts.new_zeros(len(labels), *parts.shape[1:]).index_add(0, maps, parts)
        return code + self.offset[:, None, None]


class Residual(nn.Module):
    """x + conv(relu(conv(x))), then a ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape unchanged."""
        changed: Tensor = self.second(self.first(x).relu())
        return (x + changed).relu()


def steps(stride: int) -> list[int]:
    """Strides of the layers, whose product is `stride`: 4 first where it divides, then prime factors."""
    factors: list[int] = []
    if stride % 4 == 0:
        factors, stride = [4], stride // 4
    factor = 2
    while stride > 1:
        while stride % factor == 0:
            factors, stride = [*factors, factor], stride // factor
        factor += 1
    return factors or [1]


def shares(classes: int, stride: int) -> tuple[Tensor, Tensor]:
    """The projection of upsamplers whose code is class scores: the share of each class in a cell."""
    pixels = stride * stride
    return (torch.eye(classes) / pixels)[:, :, None].expand(-1, -1, pixels).contiguous(), torch.zeros(classes)


def components(subspace: Subspace, channels: int) -> tuple[Tensor, Tensor]:
    """The projection x = P(v − mean) onto fitted components."""
    some = torch.from_numpy(subspace.components[:channels].copy())
    mean = torch.from_numpy(subspace.mean.copy())
    return some.transpose(0, 1).contiguous(), -torch.einsum("kcp,cp->k", some, mean)


def _occurring(labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Number of the map and class, for each class that occurs in each map; class 0 where none does."""
    flat = labels.flatten(1) + 1
    seen = torch.zeros(len(labels), classes + 1, dtype=torch.bool, device=labels.device)
    seen.scatter_(1, flat, True)
    seen[~seen[:, 1:].any(dim=1), 1] = True
    maps, present = seen[:, 1:].nonzero(as_tuple=True)
    return maps, present


def _zero(layer: nn.Module) -> None:
    for weight in layer.parameters():
        nn.init.zeros_(weight)
