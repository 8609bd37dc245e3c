"""The papers' own recipes, as far as they tell them."""

from dataclasses import dataclass
from typing import Any

from segablate.training.recipes.base import Recipe, Words, recipes

PP_LITESEG = "arXiv:2204.02681"
DEEPLAB = "arXiv:1802.02611"
PADDLE_PIXELS = (127.5, 127.5, 127.5)
OF_CITYSCAPES = Words(use="ohem", threshold=0.7, min_kept=130_000)
OF_CAMVID = Words(use="ohem", threshold=0.7, min_kept=250_000)


@recipes.register("pp-liteseg-cityscapes", paper=PP_LITESEG)
@dataclass(frozen=True, kw_only=True)
class PPLiteSegCityscapes(Recipe):
    """PP-LiteSeg on Cityscapes, Sec. 4.1 and the released configuration.

    `min_kept` is that of the release, a batch of 4 on each of its GPUs; here the whole batch is one.
    """

    iterations: int = 160_000
    batch: int = 16
    crop: tuple[int, int] = (512, 1024)
    scale: tuple[float, float] = (0.125, 1.5)
    scale_step: float = 0.125
    jitter: float = 0.5
    mean: tuple[float, float, float] | None = PADDLE_PIXELS
    std: tuple[float, float, float] | None = PADDLE_PIXELS
    rate: float = 0.005
    decay: float = 5e-4
    decay_all: bool = True
    warmup: int = 1000
    warmup_from: float = 1e-5
    loss: str | dict[str, Any] = OF_CITYSCAPES


@recipes.register("pp-liteseg-camvid", paper=PP_LITESEG)
@dataclass(frozen=True, kw_only=True)
class PPLiteSegCamVid(Recipe):
    """PP-LiteSeg on CamVid, for the images of 960×720.

    The paper has 1,000 iterations and weight decay 1e-4, the code 10,000 and 5e-4; these are the code's.
    """

    iterations: int = 10_000
    batch: int = 24
    crop: tuple[int, int] = (720, 960)
    scale: tuple[float, float] = (0.5, 2.5)
    scale_step: float = 0.25
    jitter: float = 0.5
    mean: tuple[float, float, float] | None = PADDLE_PIXELS
    std: tuple[float, float, float] | None = PADDLE_PIXELS
    rate: float = 0.01
    decay: float = 5e-4
    decay_all: bool = True
    warmup: int = 200
    warmup_from: float = 1e-5
    loss: str | dict[str, Any] = OF_CAMVID


@recipes.register("deeplabv3plus-voc", paper=DEEPLAB)
@dataclass(frozen=True, kw_only=True)
class DeepLabV3PlusVOC(Recipe):
    """DeepLabv3+ on VOC, as the released code trains it; DUpsampling's paper says "as DeepLabv3+".

    It tells the rate, the schedule and the crop; batch, iterations and decay are those of DeepLab's code.
    """

    iterations: int = 30_000
    batch: int = 16
    crop: tuple[int, int] = (513, 513)
    scale: tuple[float, float] = (0.5, 2.0)
    scale_step: float = 0.25
    rate: float = 0.007
    decay: float = 4e-5
