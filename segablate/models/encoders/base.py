"""What an encoder is: an image goes in, named features of falling size come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import Tensor

from segablate.errors import SegablateError
from segablate.models.features import Feature, Staged
from segablate.registry import Registry

encoders = Registry("encoder", "segablate.models.encoders")


class Encoder(Staged):
    """Base of all encoders. The last declared feature is the encoder's result.

    Args:
        name: how a study calls it.
        output_stride: pixels per cell of the last feature.
        allowed: output strides the family can have.

    Attributes:
        border: what its average pools take in beyond the image, `zeros` or nothing but what is `inside`; ""
            where it has none. Weights of the other kind are refused.

    Raises:
        SegablateError: the family cannot have that output stride.
    """

    border: str = ""

    def __init__(self, name: str, output_stride: int, allowed: Iterable[int]) -> None:
        super().__init__()
        strides = tuple(allowed)
        if output_stride not in strides:
            raise SegablateError(
                f"encoder `{name}` cannot have `output_stride: {output_stride}`",
                hint=f"it can have {', '.join(map(str, strides))}",
                field="output_stride",
            )
        self.name = name
        self.output_stride = output_stride

    @property
    def last(self) -> Feature:
        """The deepest feature."""
        return self.gives[-1]

    @property
    def smallest(self) -> int:
        """The least height and width of an image it takes."""
        return max(feature.stride for feature in self.gives)

    def check_size(self, height: int, width: int) -> None:
        """Refuse an image of less than one cell.

        Raises:
            SegablateError: height or width is less than the largest stride.
        """
        if height < self.smallest or width < self.smallest:
            raise SegablateError(
                f"{height}×{width} is too small for encoder `{self.name}`, whose stride is {self.smallest}"
            )

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Compute the features one after another."""
        raise NotImplementedError

    def forward(self, image: Tensor, names: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Features of an image.

        Args:
            image: (batch, 3, height, width).
            names: which features; None: all it can give.

        Returns:
            name → (batch, channels, ⌈height/stride⌉, ⌈width/stride⌉).
        """
        self.check_size(image.shape[-2], image.shape[-1])
        return self.collect(self.walk(image), names)


class Dilation:
    """Turns strides into dilation once the wanted output stride is reached.

    The unit whose stride is dropped keeps the dilation so far; those after it get more. That is what
    TF DeepLab and torchvision's `replace_stride_with_dilation` do.

    Args:
        stride: the stride reached before the first unit.
        output_stride: the stride to stop at.
    """

    def __init__(self, stride: int, output_stride: int) -> None:
        self.stride = stride
        self.output_stride = output_stride
        self.dilation = 1

    def take(self, stride: int) -> tuple[int, int]:
        """The stride and the dilation of the next unit, which would have this stride."""
        dilation = self.dilation
        if stride > 1 and self.stride == self.output_stride:
            self.dilation *= stride
            return 1, dilation
        self.stride *= stride
        return stride, dilation
