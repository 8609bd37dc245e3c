"""Auxiliary heads: in training, features on the way are asked for the answer too, or for something near it.

        feature ── (3×3 conv) ── 1×1 conv ── bilinear to size ──► scores

They are no part of the network that answers: `Segmenter.forward` never calls them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError, near_miss
from segablate.models.check import positive
from segablate.models.features import Feature, find
from segablate.models.layers import ConvNorm, Refinement, convolution, resize
from segablate.registry import Part
from segablate.wire import Neutral

SCORES = "scores"


class Head(nn.Module):
    """Base of all heads of training.

    Args:
        reads: names of the features it looks at.
        outputs: number of scores a pixel.
        loss: the loss that it is asked by; None: see `training.objective`.
        weight: of its loss, where a recipe says none; None: the recipe's own.
    """

    def __init__(
        self, reads: tuple[str, ...], outputs: int, loss: str | None = None, weight: float | None = None
    ) -> None:
        super().__init__()
        self.reads = reads
        self.outputs = outputs
        self.loss = loss
        self.weight = weight

    def forward(self, *features: Tensor, size: tuple[int, int]) -> Tensor:
        """What it reads, each (batch, channels, h, w) → (batch, outputs, height, width)."""
        raise NotImplementedError


class AuxiliaryHead(Head):
    """Scores from one feature.

    Args:
        features: what it looks at: one.
        classes: number of classes.
        on: the feature's name.
        channels: width of the 3×3 convolution; none given: there is none.
        outputs: number of scores a pixel; none given: one a class. A detail head has 1.
        align_corners: how the scores are brought to size.
        bias: whether the convolutions have one.
        scored: the feature holds scores already, and is only brought to size.
        loss: the loss that it is asked by; none given: `detail` for one score, else the network's own.
        weight: of its loss, where the recipe says none; none given: the recipe's own.

    Raises:
        SegablateError: a width of 0, or scores of another number of classes.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        classes: int,
        /,
        *,
        on: str,
        channels: int | None = 64,
        outputs: int | None = None,
        align_corners: bool = False,
        bias: Annotated[bool, Neutral(False)] = False,
        scored: Annotated[bool, Neutral(False)] = False,
        loss: Annotated[str | None, Neutral(None)] = None,
        weight: Annotated[float | None, Neutral(None)] = None,
    ) -> None:
        (feature,) = features
        outputs = classes if outputs is None else outputs
        width = feature.channels if channels is None else channels
        super().__init__((on,), outputs, loss, weight)
        positive(channels=width, outputs=outputs)
        self.align_corners = align_corners
        self.middle: nn.Module = nn.Identity()
        self.classify: nn.Module = nn.Identity()
        if scored and feature.channels != outputs:
            raise SegablateError(f"feature {feature} holds no scores of {outputs} classes", field="scored")
        if scored:
            return
        if channels is not None:
            self.middle = ConvNorm(feature.channels, width, bias=bias)
        self.classify = convolution(width, outputs, 1, bias=bias)

    def forward(self, *features: Tensor, size: tuple[int, int]) -> Tensor:
        """(batch, feature, h, w) → (batch, outputs, height, width)."""
        (x,) = features
        scores = self.classify(self.middle(x))
        return F.interpolate(scores, size, mode="bilinear", align_corners=self.align_corners)


class BorderNetwork(Head):
    """DFN's border network: the fine feature goes up to the coarse ones, and each says where borders are.

            c2 ── refine ── refine ──┬──────────► + ── refine ──┬───► …
                                     │ c3 ── refine ┘           │
                                     └─► border                 └─► border

    Yu et al., CVPR 2018, arXiv:1804.09337; that each level has a border of its own is of the released code.

    Args:
        features: what it looks at.
        classes: number of classes, which it does not ask for.
        on: names of features, from fine to coarse.
        channels: width of the way up.
        narrow: width before a border.
        loss: the loss that it is asked by.
        weight: of its loss, where the recipe says none.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        classes: int,
        /,
        *,
        on: tuple[str, ...],
        channels: int = 21,
        narrow: int = 9,
        loss: str = "border",
        weight: float = 0.1,
    ) -> None:
        super().__init__(on, len(on), loss, weight)
        positive(on=len(on), channels=channels, narrow=narrow)
        self.before = nn.ModuleList(Refinement(feature.channels, channels) for feature in features)
        self.after = nn.ModuleList(Refinement(channels, channels) for _ in on)
        self.borders = nn.ModuleList(
            nn.Sequential(Refinement(channels, narrow), convolution(narrow, 1, 1, bias=True)) for _ in on
        )

    def forward(self, *features: Tensor, size: tuple[int, int]) -> Tensor:
        """See `Head`; a border for each level."""
        borders, x = [], None
        for feature, before, after, border in zip(
            features, self.before, self.after, self.borders, strict=True
        ):
            own = before(feature)
            # all at the finest one's size
            own = own if x is None else x + resize(own, x, align_corners=True)
            x = after(own)
            borders.append(border(x))
        return F.interpolate(torch.cat(borders, dim=1), size, mode="bilinear", align_corners=True)


auxiliary_head = Part("auxiliary head", "auxiliary", AuxiliaryHead, 1, "")
border_network = Part("auxiliary network", "border", BorderNetwork, 1, "arXiv:1804.09337")
KINDS = {SCORES: auxiliary_head, "border": border_network}


def to_wire(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A head as keys and `complete` have it: all its settings, and which kind it is where it has no scores.

    Raises:
        SegablateError: there is no such kind, or no such setting.
    """
    part, settings = _split(spec)
    own = part.without_neutral(part.settings(settings))
    return own if part is auxiliary_head else {"use": part.name, **own}


def written(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The way back: what a study may write."""
    part, settings = _split(recorded)
    own = part.with_neutral(settings)
    return own if part is auxiliary_head else {"use": part.name, **own}


def head_of(name: str, recorded: Mapping[str, Any], features: tuple[Feature, ...], classes: int) -> Head:
    """The head of that name, as `to_wire` has it, on those of the features that it looks at.

    Raises:
        SegablateError: a feature that is not there.
    """
    part, settings = _split(recorded)
    settings = part.with_neutral(settings)
    names = (settings["on"],) if isinstance(settings["on"], str) else tuple(settings["on"])
    made: Head = part.build(
        {"features": tuple(_find(name, features, read) for read in names), "classes": classes}, settings
    )
    return made


def _find(head: str, features: tuple[Feature, ...], name: str) -> Feature:
    try:
        return find(features, name)
    except SegablateError as error:
        raise SegablateError(
            f"auxiliary head `{head}` looks at `{name}`, which the network does not have",
            hint=error.hint,
            field="on",
        ) from None


def _split(spec: Mapping[str, Any]) -> tuple[Part, dict[str, Any]]:
    if not isinstance(spec, Mapping):
        raise SegablateError("the settings of an auxiliary head are no mapping", hint="such as `{on: x8}`")
    settings = dict(spec)
    kind = settings.pop("use", SCORES)
    if kind not in KINDS:
        raise SegablateError(
            f"there is no auxiliary head `{kind}`", hint=near_miss(str(kind), KINDS), field="use"
        )
    return KINDS[kind], settings
