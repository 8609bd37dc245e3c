"""What an encoder is: an image goes in, named features of falling size come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, get_type_hints

from torch import Tensor, nn

from segablate.errors import SegablateError, near_miss
from segablate.models.features import Feature, Staged
from segablate.registry import Registry

encoders = Registry("encoder", "segablate.models.encoders")

Colour: TypeAlias = tuple[float, float, float]
Normalisation: TypeAlias = tuple[Colour, Colour]

# of ImageNet's pixels
IMAGENET: Normalisation = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


@dataclass(frozen=True)
class Stage:
    """A stretch of an encoder, from which it can run on with nothing but this stretch's result.

    Attributes:
        name: the feature it ends with.
        modules: all that computes it from the feature that the stage before ends with.
    """

    name: str
    modules: Sequence[nn.Module]


class Encoder(Staged):
    """Base of all encoders. The last declared feature is the encoder's result.

    An encoder says in `stages` what it is made of, and in `through` how a stage runs where that is more than
    one module after another. One that says in `walk` only how it runs can be trained or frozen as a whole.

    Args:
        name: how a study calls it.
        output_stride: pixels per cell of the last feature.
        allowed: output strides the family can have.

    Attributes:
        border: what its average pools take in beyond the image, `zeros` or nothing but what is `inside`; ""
            where it has none. Weights of the other kind are refused.
        normalisation: mean and standard deviation of the pixels it was trained with, in 0…255.
        needs: the package that makes it; "" where it is ours.
        pretrained: where the file of its ImageNet weights is asked for, `package:function`; "" where no
            package brings one.

    Raises:
        SegablateError: the family cannot have that output stride.
    """

    border: str = ""
    normalisation: ClassVar[Normalisation] = IMAGENET
    needs: ClassVar[str] = ""
    pretrained: ClassVar[str] = ""

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

    def stages(self) -> Sequence[Stage]:
        """What it is made of, in the order it is computed; empty where it can only be run as a whole."""
        return ()

    def through(self, stage: Stage, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Compute the features of a stage one after another; the last is the stage's own.

        Args:
            stage: one of `stages`.
            x: the feature that the stage before ends with; the image where it is the first.
        """
        for module in stage.modules:
            x = module(x)
        yield stage.name, x

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Compute the features one after another."""
        return self._along(self.stages(), image)

    def head(self, name: str) -> list[nn.Module]:
        """All modules that a stage's feature depends on.

        Raises:
            SegablateError: there is no such feature, or the encoder cannot run on from it.
        """
        return [module for stage in self.stages()[: self._after(name)] for module in stage.modules]

    def tail(self, features: Mapping[str, Tensor], start: str, names: Iterable[str]) -> dict[str, Tensor]:
        """Run on from a stage's feature.

        Args:
            features: that feature, and what of `names` comes before it.
            start: its name.
            names: which features are wanted.

        Returns:
            As `forward` does for an image with these features.

        Raises:
            SegablateError: there is no such feature, or the encoder cannot run on from it.
        """
        later = self._along(self.stages()[self._after(start) :], features[start])
        known = {name: value for name, value in features.items() if name in names}
        return known | self.collect(later, set(names) - set(known))

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

    def _along(self, stages: Iterable[Stage], x: Tensor) -> Iterator[tuple[str, Tensor]]:
        for stage in stages:
            for name, value in self.through(stage, x):
                yield name, value
            x = value  # the stage's own comes last

    def _after(self, name: str) -> int:
        """How many stages there are up to the one that ends with a feature."""
        features, ends = [feature.name for feature in self.gives], [stage.name for stage in self.stages()]
        if name not in features:
            raise SegablateError(
                f"encoder `{self.name}` has no feature `{name}`", hint=near_miss(name, features)
            )
        if name not in ends:
            possible = ", ".join(f"`{end}`" for end in ends)
            raise SegablateError(
                f"encoder `{self.name}` cannot run on from its feature `{name}`",
                hint=f"it can from {possible}" if ends else "it can only be run as a whole",
            )
        return ends.index(name) + 1


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


def encoder_class(name: str) -> type[Encoder]:
    """The class of the registered encoder of that name, which may be a function that gives one.

    Raises:
        SegablateError: there is none.
        TypeError: what is registered gives no `Encoder`.
    """
    made: Any = encoders.part(name).make
    if not isinstance(made, type):
        made = get_type_hints(made).get("return")
    if not (isinstance(made, type) and issubclass(made, Encoder)):
        raise TypeError(f"{name} is no Encoder")
    return made
