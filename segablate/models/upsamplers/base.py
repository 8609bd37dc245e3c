"""What an upsampler is: it turns a small code into class scores at full size.

        code  (batch, code, height/stride, width/stride)
          │ restore
          ▼
        (batch, classes, ⌈height/stride⌉·stride, ⌈width/stride⌉·stride)
          │ crop: what stands out below and to the right
          ▼
        scores (batch, classes, height, width)

Some upsamplers enlarge the class scores themselves (nearest, bilinear); others have a code of a width of
their own (`channels`) and produce the classes while they enlarge it. Either way an upsampler is made from
the number of classes and the stride, and `code_channels` tells whoever stands before it how wide its code is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from torch import Tensor, nn

from segablate.labels.codes import Code, Sample
from segablate.labels.restore import Restorer
from segablate.labels.subspace import Subspace as Fitted
from segablate.models.check import positive
from segablate.models.labelling.plain import best, traced
from segablate.models.labelling.tiles import best_class
from segablate.registry import Registry

upsamplers = Registry("upsampler", "segablate.models.upsamplers")

Size: TypeAlias = tuple[int, int]
# from a sample of patches, fitted components where it needs some, and a seed
ShortCode: TypeAlias = Callable[[Sample, Fitted | None, int], Code]


class Upsampler(nn.Module):
    """Base of all upsamplers.

    Args:
        classes: number of classes.
        stride: how many pixels a cell of the code is high and wide.

    Raises:
        SegablateError: no classes, or a stride below one.

    Attributes:
        overlaps: whether a cell's code reaches beyond its own patch.
        only_training: settings that tell only how it is trained: they have no say in its time, nor in a
            ceiling for which it is not trained. Any other counts.
        in_ceilings: settings that have no say in a ceiling, and the value at which it is built for one.
        own_length: whether its settings say how long a code of limited length is; else the measure does.
    """

    overlaps: ClassVar[bool] = True
    only_training: ClassVar[tuple[str, ...]] = ()
    in_ceilings: ClassVar[Mapping[str, Any]] = {}
    own_length: ClassVar[bool] = False

    def __init__(self, classes: int, stride: int) -> None:
        super().__init__()
        positive(classes=classes, stride=stride)
        self.classes = classes
        self.stride = stride

    @classmethod
    def code_channels(cls, classes: int, settings: Mapping[str, Any]) -> int:
        """How many channels the code has: the classes themselves, unless there is a setting `channels`."""
        channels = settings.get("channels")
        return classes if channels is None else int(channels)

    @classmethod
    def restorer(
        cls, classes: int, stride: int, settings: Mapping[str, Any], fitted: Fitted | None
    ) -> Restorer | None:
        """How labels are projected linearly onto the code and restored; None if there is no such projection.

        Args:
            classes: number of classes.
            stride: pixels a cell is high and wide.
            settings: validated settings of this upsampler.
            fitted: components of the labels, for those whose `needs_labels` says so.
        """
        return None

    @classmethod
    def short_code(cls, settings: Mapping[str, Any], bits: int) -> ShortCode | None:
        """How a code of limited length is found for it; None if there is no such code.

        Args:
            settings: validated settings of this upsampler.
            bits: length of each number of a cell, unless its settings say it.
        """
        return None

    @classmethod
    def needs_labels(cls, settings: Mapping[str, Any]) -> bool:
        """Whether its weights are fitted to label maps beforehand."""
        return False

    @classmethod
    def unfitted(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of one that takes as long, and is not fitted to label maps beforehand."""
        return dict(settings)

    @classmethod
    def on_grid(cls, settings: Mapping[str, Any]) -> bool:
        """Whether every cell of the code has stride × stride pixels, as ceilings take for granted."""
        return True

    def restore(self, code: Tensor) -> Tensor:
        """(batch, code, h, w) → scores (batch, classes, h·stride, w·stride)."""
        raise NotImplementedError

    def forward(self, code: Tensor, size: Size) -> Tensor:
        """(batch, code, ⌈height/stride⌉, ⌈width/stride⌉) → (batch, classes, height, width)."""
        return crop(self.restore(code), size)

    def labels(self, code: Tensor, size: Size) -> Tensor:
        """The arg max of the scores, without holding all of them where there is a way.

        Args:
            code: (batch, code, ⌈height/stride⌉, ⌈width/stride⌉).
            size: height and width of the label map.

        Returns:
            (batch, height, width), bytes up to 255 classes and int16 above. Where scores tie up to rounding
            it may be another of the tied classes than the arg max of `forward`, and where a score is
            not finite any class at all.
        """
        scores = self(code, size)
        return best(scores) if traced(code) else best_class(scores.flatten(2)).view(len(code), *size)


@dataclass(frozen=True)
class Subspace:
    """The leading principal directions of one-hot label patches, fitted by whoever holds labels.

    A patch of stride × stride labels is a vector of stride²·classes numbers in the order
    (row in the patch, column in the patch, class).

    Attributes:
        basis: (stride²·classes, at least as many columns as the code has channels), leading direction first.
        mean: the mean patch (stride²·classes,), where the fit was centred.
    """

    basis: np.ndarray
    mean: np.ndarray | None = None

    @classmethod
    def placeholder(cls, classes: int, stride: int, channels: int) -> Subspace:
        """Zeros that take no memory, for a network of which only the shapes matter."""
        patch = stride * stride * classes
        zero = np.float32(0)
        return cls(np.broadcast_to(zero, (patch, channels)), np.broadcast_to(zero, (patch,)))


def upsampler_class(name: str) -> type[Upsampler]:
    """The registered upsampler of that name.

    Raises:
        SegablateError: there is none.
        TypeError: what is registered is no `Upsampler`.
    """
    made = upsamplers.part(name).make
    if not (isinstance(made, type) and issubclass(made, Upsampler)):
        raise TypeError(f"{name} is no Upsampler")
    return made


def crop(scores: Tensor, size: Size) -> Tensor:
    """The upper left part of that size.

    Raises:
        ValueError: the scores are smaller.
    """
    height, width = size
    if scores.shape[-2] < height or scores.shape[-1] < width:
        raise ValueError(f"{tuple(scores.shape[-2:])} restored pixels do not cover {size}")
    return scores[..., :height, :width]


def depth_to_space(patches: Tensor, stride: int) -> Tensor:
    """Lay each cell's vector out as a patch.

    (batch, stride²·classes, h, w) → (batch, classes, h·stride, w·stride). The vector's order is (row in
    the patch, column in the patch, class). `torch.pixel_shuffle` has the class first instead.
    """
    batch, depth, height, width = patches.shape
    classes = depth // (stride * stride)
    cells = patches.reshape(batch, stride, stride, classes, height, width)
    return cells.permute(0, 3, 4, 1, 5, 2).reshape(batch, classes, height * stride, width * stride)


def space_to_depth(image: Tensor, stride: int) -> Tensor:
    """Cut into patches, the inverse of `depth_to_space`.

    (batch, classes, h·stride, w·stride) → (batch, stride²·classes, h, w).
    """
    batch, classes, height, width = image.shape
    rows, columns = height // stride, width // stride
    cells = image.reshape(batch, classes, rows, stride, columns, stride)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(batch, stride * stride * classes, rows, columns)
