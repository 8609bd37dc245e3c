"""DUpsampling: a linear map from a cell's code to the whole patch of labels it stands for.

        code ── 1×1 conv W (+ mean patch) ── lay out as patches ── ÷ T ──► scores
        C̃           stride²·classes            classes at full size

Tian et al., Decoders Matter for Semantic Segmentation, CVPR 2019, arXiv:1903.02120.
W is the matrix that restores one-hot label patches best from C̃ numbers: their leading principal directions.
The paper has no bias; without the mean patch W must spend a direction on it. T softens the softmax of a map
that was fitted to one-hot labels, and is learned, starting at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.labels.codes import Code, Sample
from segablate.labels.quantised import Coefficients
from segablate.labels.restore import Linear, Restorer
from segablate.labels.subspace import Subspace as Fitted
from segablate.models.check import positive
from segablate.models.labelling import patches
from segablate.models.labelling.plain import traced
from segablate.models.upsamplers.base import (
    ShortCode,
    Size,
    Subspace,
    Upsampler,
    depth_to_space,
    upsamplers,
)


@upsamplers.register(paper="arXiv:1903.02120")
class DUpsampling(Upsampler):
    """Restore label patches by a matrix fitted to labels.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        subspace: what was fitted to labels; None where `weights` are random.
        channels: width of the code, C̃ in the paper (64 for ResNet-50, 128 for Xception-65).
        weights: where W comes from: the labels' principal directions, or chance.
        train: whether W changes in training. Tuned, it is a sub-pixel convolution that starts well.
        bias: add a bias, which starts as the mean patch.
        temperature: divide by a learned temperature.

    Raises:
        SegablateError: `pca` without labels, or more channels than a patch has numbers.
    """

    overlaps = False
    only_training = ("train",)
    # a positive factor on all scores changes no arg max
    in_ceilings: ClassVar[Mapping[str, Any]] = {"temperature": False}

    def __init__(
        self,
        classes: int,
        stride: int,
        subspace: Subspace | None,
        /,
        *,
        channels: int = 64,
        weights: Literal["pca", "random"] = "pca",
        train: Literal["frozen", "tuned"] = "frozen",
        bias: bool = False,
        temperature: bool = True,
    ) -> None:
        super().__init__(classes, stride)
        positive(channels=channels)
        patch = stride * stride * classes
        if channels > patch:
            raise SegablateError(
                f"{channels} channels are more than the {patch} numbers of a {stride}×{stride} patch "
                f"of {classes} classes",
                field="channels",
            )
        self.project = nn.Conv2d(channels, patch, 1, bias=bias)
        if weights == "pca":
            self._take(subspace)
        self.project.requires_grad_(train == "tuned")
        self.temperature = nn.Parameter(torch.ones(())) if temperature else None

    @classmethod
    def needs_labels(cls, settings: Mapping[str, Any]) -> bool:
        """PCA weights come from labels."""
        return bool(settings["weights"] == "pca")

    @classmethod
    def unfitted(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """With a matrix that is drawn at random: it takes as long as one fitted to labels."""
        return {**settings, "weights": "random"}

    @classmethod
    def restorer(
        cls, classes: int, stride: int, settings: Mapping[str, Any], fitted: Fitted | None
    ) -> Restorer | None:
        """x = Pv and ṽ = Wx with the labels' own components."""
        return None if fitted is None else Linear(fitted, [settings["channels"]])

    @classmethod
    def short_code(cls, settings: Mapping[str, Any], bits: int) -> ShortCode | None:
        """x̂ is x = Pv with each coefficient rounded, and ṽ = Wx̂."""
        if not cls.needs_labels(settings):
            return None

        def make(sample: Sample, fitted: Fitted | None, _: int) -> Code:
            if fitted is None:
                raise RuntimeError("its components were not fitted")
            return Coefficients(fitted, settings["channels"], sample, 1 << bits)

        return make

    @property
    def weight(self) -> Tensor:
        """W (stride²·classes, channels), rows in the order (row in the patch, column in the patch, class)."""
        return self.project.weight.flatten(1)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes, h·stride, w·stride)."""
        scores = depth_to_space(self.project(code), self.stride)
        return scores if self.temperature is None else scores / self.temperature

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """See `Upsampler`: the arg max before the patches are laid out, tile by tile on a CPU."""
        if traced(code):
            return super().labels(code, size)
        if not isinstance(self.project, nn.Conv2d):
            # folded into the convolution before, temperature included
            return patches.labels(code, self.stride, size)
        weight, bias = self.weight, self.project.bias
        if self.temperature is not None:
            # it changes no arg max while it is positive, but nothing keeps it so
            weight = weight / self.temperature
            bias = None if bias is None else bias / self.temperature
        return patches.labels_of(code, weight, bias, self.stride, size)

    @torch.no_grad()
    def _take(self, subspace: Subspace | None) -> None:
        if subspace is None:
            raise SegablateError(
                "upsampler `dupsampling` with `weights: pca` needs label maps to fit its weights on",
                hint="name a data set under `data`, or set `weights: random`",
                field="weights",
            )
        patch, channels = self.weight.shape
        if subspace.basis.shape[0] != patch or subspace.basis.shape[1] < channels:
            raise SegablateError(
                f"a {patch}×{channels} matrix is needed, but what was fitted to labels is "
                f"{'×'.join(map(str, subspace.basis.shape))}",
                field="channels",
            )
        self.weight.copy_(torch.tensor(subspace.basis[:, :channels]))
        if self.project.bias is not None:
            self.project.bias.zero_()
            if subspace.mean is not None:
                self.project.bias.copy_(torch.tensor(subspace.mean))
