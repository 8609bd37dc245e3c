"""Regress the compressed labels: DUpsampling's loss before the one it uses.

        labels ── one-hot patches v ── P = Wᵀ ──► Pv          code ──► F          loss = mean ‖F − Pv‖²

Tian et al., CVPR 2019, arXiv:1903.02120, Sec. 3.1 and Eq. 1–2. Its trouble is said there: it looks at the
code only, and not at what becomes of it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.segmenter import Answer
from segablate.models.upsamplers.base import Upsampler, space_to_depth
from segablate.models.upsamplers.dupsampling import DUpsampling
from segablate.training.losses.base import IGNORE, Loss, losses


@losses.register("code-regression", paper="arXiv:1903.02120")
class CodeRegression(Loss):
    """Mean squared distance of the code from the labels' own, over the cells of the code.

    A pixel without a class is a zero vector, and so is what stands out beyond the image.

    Raises:
        SegablateError: the upsampler is not DUpsampling with frozen weights, which alone has labels' codes.
    """

    looks_at = "code"

    def __init__(self, upsampler: Upsampler | None, /) -> None:
        super().__init__(upsampler)
        if not isinstance(upsampler, DUpsampling) or upsampler.project.weight.requires_grad:
            raise SegablateError(
                "loss `code-regression` needs the upsampler `dupsampling` with frozen weights",
                hint="write `model.upsampler: {use: dupsampling, weights: pca, train: frozen}`",
                field="loss",
            )
        # in a tuple: the weights are the network's, not the loss's
        self._upsampler = (upsampler,)

    def amount(self, labels: Tensor) -> Tensor:
        """Cells of the code."""
        stride = self._upsampler[0].stride
        rows, columns = (-(-side // stride) for side in labels.shape[-2:])
        return torch.tensor(len(labels) * rows * columns, device=labels.device)

    def forward(self, answer: Answer, labels: Tensor) -> Tensor:
        """See `Loss`."""
        assert answer.code is not None
        return (answer.code - self.codes(labels)).square().sum(1).mean()

    @torch.no_grad()
    def codes(self, labels: Tensor) -> Tensor:
        """(batch, height, width) → P (v − bias), (batch, channels, ⌈height/stride⌉, ⌈width/stride⌉)."""
        up = self._upsampler[0]
        down, right = (-side % up.stride for side in labels.shape[-2:])
        padded = F.pad(labels, (0, right, 0, down), value=IGNORE)
        known = padded != IGNORE
        hot = F.one_hot(padded.where(known, 0), up.classes) * known[..., None]
        patches = space_to_depth(hot.movedim(-1, 1).to(up.weight.dtype), up.stride)
        if up.project.bias is not None:
            patches = patches - up.project.bias[:, None, None]
        return torch.einsum("pc,bphw->bchw", up.weight, patches)
