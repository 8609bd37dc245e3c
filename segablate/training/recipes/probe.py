"""The probe: on features that never change, a decoder is trained in half a minute on one core."""

from dataclasses import dataclass
from typing import Literal

from segablate.training.recipes.base import Recipe, recipes


@recipes.register("probe")
@dataclass(frozen=True, kw_only=True)
class Probe(Recipe):
    """Encoder frozen, its features computed once; only context, decoder and upsampler learn."""

    encoder: Literal["trained", "frozen"] = "frozen"
    views: int = 3
    view: tuple[int, int] = (352, 480)
    iterations: int = 800
    batch: int = 4
    crop: tuple[int, int] = (192, 256)
    scale: tuple[float, float] = (0.75, 1.5)
    jitter: float = 0.3
    optimiser: Literal["sgd", "adamw"] = "adamw"
    rate: float = 1e-2
    decay: float = 1e-2
    warmup: int = 40


@recipes.register("quick")
@dataclass(frozen=True, kw_only=True)
class Quick(Recipe):
    """The whole network on generated scenes, half a minute on one core: to try things out."""

    iterations: int = 120
    batch: int = 4
    crop: tuple[int, int] = (96, 160)
    scale: tuple[float, float] = (0.75, 1.5)
    optimiser: Literal["sgd", "adamw"] = "adamw"
    rate: float = 2e-3
    decay: float = 1e-2
    warmup: int = 10
