"""Fine-tuning: the whole network from ImageNet's weights, in a quarter of an hour on one core."""

from dataclasses import dataclass
from typing import Literal

from segablate.training.recipes.base import PooledNorm, Recipe, recipes


@recipes.register("finetune")
@dataclass(frozen=True, kw_only=True)
class FineTune(Recipe):
    """The whole network, from an encoder's weights of ImageNet, on CamVid's 360×480 or the like.

    With `frozen: x8` the encoder's first stages stay as they are and are computed once, at less than half the
    time. Crops of 256×320 have 8×10 cells at stride 32, so that each bin of a 4×4 pool is a mean of several
    cells, as over the 12×15 of a whole image. Norms of pooled maps learn with the statistics of many batches:
    the eight values that one batch has would handicap SPPM and attention over channels against what does not
    pool. `pooled_norm: batch` leaves them as all others.
    """

    views: int = 3
    iterations: int = 600
    batch: int = 8
    crop: tuple[int, int] = (256, 320)
    scale: tuple[float, float] = (0.75, 1.5)
    jitter: float = 0.3
    optimiser: Literal["sgd", "adamw"] = "adamw"
    rate: float = 1e-3
    decay: float = 1e-2
    warmup: int = 40
    channels_last: bool = True
    pooled_norm: PooledNorm = "renorm"
