"""What a recipe is: every number of a training run, with a name for each set of them.

A recipe is this class with other defaults. A study takes one by its name and sets what it wants otherwise:

    recipe: {use: probe, iterations: 2000}
"""

# no `from __future__ import annotations`: the fields of a recipe in another module keep their types

import inspect
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from segablate.errors import SegablateError
from segablate.registry import Registry
from segablate.wire import Neutral

recipes = Registry("recipe", "segablate.training.recipes")

Precision = Literal["fp32", "bf16", "fp16"]
PooledNorm = Literal["batch", "renorm"]
# what `frozen` says in other words
WHOLE: dict[str, Literal["trained", "frozen"]] = {"all": "frozen", "none": "trained"}


class Words(dict[str, Any]):
    """A mapping that nobody changes, so that it may be the default of a field."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # a dict says None


NOTHING = Words()


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Args:
        encoder: `trained` with the rest, or `frozen`: at rest, its features computed once and kept.
        frozen: a feature of the encoder, up to which it is at rest and kept, while the rest of it learns;
            `all` is `encoder: frozen`, `none` is `encoder: trained`. None given: what `encoder` says.
        views: with a frozen encoder, how many pictures of each image are kept: itself, then augmented ones.
        view: height and width of those pictures.
        iterations: steps of the optimiser.
        batch: images a step.
        accumulate: parts that a batch is cut into, one after the other through the network. Without batch
            norms that are trained, and with a loss that is a mean over pixels, the step is the same.
        crop: height and width of what is trained on; it is padded where the scaled image is smaller.
        scale: least and largest random factor on the image's size.
        scale_step: the factors lie so far apart; 0: any between.
        flip: mirror every other image.
        jitter: brightness, contrast and saturation change by a factor of at most 1 ± this.
        mean: subtracted from the pixels' red, green and blue in 0…255; none given: the encoder's own.
        std: the pixels are divided by it afterwards; none given: the encoder's own.
        optimiser: `sgd` with momentum, or `adamw`.
        rate: learning rate after the warm-up.
        encoder_rate: factor on the learning rate of the encoder.
        momentum: of SGD; AdamW's first β.
        decay: weight decay.
        decay_all: decay biases, norms and the temperature too.
        warmup: iterations in which the rate rises in a straight line.
        warmup_from: the rate it rises from.
        power: the rate falls as (1 − share of the iterations after the warm-up) to this power.
        loss: what is minimised.
        auxiliary_weight: factor on the loss of every auxiliary head.
        auxiliary: factors of single heads by their names.
        precision: `bf16` and `fp16` run the network in mixed precision, `fp16` with a scaled loss. A CPU or
            GPU that cannot compute in bfloat16 is refused `bf16`.
        or_fp32: take fp32 where there is no `bf16`, and say so, rather than refuse.
        channels_last: lay images and weights out with the channels innermost.
        pooled_norm: how norms of pooled maps learn, which see few values an image: `batch` as all others,
            `renorm` with the statistics of many batches; see `segablate.models.layers.PooledNorm`.
    """

    # what has no say in the pictures that are kept with a frozen encoder: any other setting has one
    after_views: ClassVar[frozenset[str]] = frozenset(
        {
            *("encoder", "frozen", "iterations", "batch", "accumulate", "crop", "optimiser", "rate", "loss"),
            *("encoder_rate", "momentum", "decay", "decay_all", "warmup", "warmup_from", "power"),
            *("auxiliary_weight", "auxiliary", "precision", "or_fp32", "channels_last", "pooled_norm"),
        }
    )

    encoder: Literal["trained", "frozen"] = "trained"
    frozen: Annotated[str | None, Neutral(None)] = None
    views: int = 1
    view: tuple[int, int] = (352, 480)
    iterations: int = 1000
    batch: int = 8
    accumulate: int = 1
    crop: tuple[int, int] = (256, 256)
    scale: tuple[float, float] = (0.5, 2.0)
    scale_step: float = 0.0
    flip: bool = True
    jitter: float = 0.0
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    optimiser: Literal["sgd", "adamw"] = "sgd"
    rate: float = 0.01
    encoder_rate: float = 1.0
    momentum: float = 0.9
    decay: float = 1e-4
    decay_all: bool = False
    warmup: int = 0
    warmup_from: float = 0.0
    power: float = 0.9
    loss: str | dict[str, Any] = "cross-entropy"
    auxiliary_weight: float = 1.0
    auxiliary: dict[str, float] = NOTHING
    precision: Precision = "fp32"
    or_fp32: Annotated[bool, Neutral(False)] = False
    channels_last: bool = False
    pooled_norm: Annotated[PooledNorm, Neutral("batch")] = "batch"

    def __init_subclass__(cls) -> None:
        # the settings are explained once, here
        args = (inspect.getdoc(Recipe) or "").partition("\n\n")[2]
        cls.__doc__ = f"{inspect.cleandoc(cls.__doc__ or '')}\n\n{args}"

    @property
    def keeps(self) -> bool:
        """Whether features of an encoder at rest are computed once and kept."""
        return self.encoder == "frozen"

    def __post_init__(self) -> None:
        if self.frozen is not None:  # one way to say it, so that two ways are one cell
            object.__setattr__(self, "encoder", WHOLE.get(self.frozen, "frozen"))
            object.__setattr__(self, "frozen", None if self.frozen in WHOLE else self.frozen)
        for name in ("views", "iterations", "batch", "accumulate"):
            if getattr(self, name) < 1:
                raise SegablateError(f"`{name}` is {getattr(self, name)}, but must be at least 1", field=name)
        for name in ("view", "crop"):
            if min(getattr(self, name)) < 1:
                raise SegablateError(f"`{name}` holds a side below 1", field=name)
        for name in ("rate", "decay", "warmup", "warmup_from", "jitter", "scale_step", "encoder_rate"):
            if getattr(self, name) < 0:
                raise SegablateError(
                    f"`{name}` is {getattr(self, name)}, but must not be below 0", field=name
                )
        if self.batch % self.accumulate:
            raise SegablateError(
                f"a batch of {self.batch} cannot be cut into {self.accumulate} equal parts",
                field="accumulate",
            )
        if not 0 < self.scale[0] <= self.scale[1]:
            raise SegablateError(
                f"`scale` is {self.scale[0]:g} to {self.scale[1]:g}, but needs the smaller first",
                field="scale",
            )
        if self.warmup >= self.iterations:
            raise SegablateError(
                f"`warmup` is {self.warmup}, but there are {self.iterations} iterations", field="warmup"
            )
        if self.keeps and any(c > v for c, v in zip(self.crop, self.view, strict=True)):
            raise SegablateError(
                f"the crop {_size(self.crop)} is larger than the kept picture of {_size(self.view)}",
                hint="make `view` as large",
                field="crop",
            )


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
