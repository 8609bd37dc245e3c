"""What an encoder wants its pixels to look like."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from torch import Tensor

from segablate.training.gpu import sent

Colour: TypeAlias = tuple[float, float, float]

# mean and deviation of ImageNet's pixels, which most encoders were trained with, in 0…255
IMAGENET: tuple[Colour, Colour] = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
OWN: dict[str, tuple[Colour, Colour]] = {
    "efficientnet-lite0": ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
}


def normalisation(
    encoder: str | None, mean: Colour | None, deviation: Colour | None
) -> tuple[Colour, Colour]:
    """Mean and deviation in 0…255: those given, or else those the encoder was trained with.

    An encoder that nobody can name gets ImageNet's.
    """
    own = OWN.get(encoder or "", IMAGENET)
    return mean or own[0], deviation or own[1]


def normalise(images: Tensor, mean: Colour, deviation: Colour) -> Tensor:
    """Colours in 0…255 (batch, 3, height, width) → what the encoder sees, float32."""
    minus, by = (sent(np.asarray(colour, np.float32), images.device) for colour in (mean, deviation))
    return (images - minus[:, None, None]) / by[:, None, None]
