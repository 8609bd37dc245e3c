"""What an encoder wants its pixels to look like."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from segablate.models.encoders.base import IMAGENET, Colour, Normalisation
from segablate.models.segmenter import Segmenter
from segablate.training.gpu import sent


def normalisation(network: nn.Module, mean: Colour | None, std: Colour | None) -> Normalisation:
    """Mean and standard deviation in 0…255: those given, or else those the encoder was trained with.

    A network from outside, of which the encoder is not known, gets ImageNet's.
    """
    own = network.encoder.normalisation if isinstance(network, Segmenter) else IMAGENET
    return mean or own[0], std or own[1]


def normalise(images: Tensor, mean: Colour, std: Colour) -> Tensor:
    """Colours in 0…255 (batch, 3, height, width) → what the encoder sees, float32."""
    minus, by = (sent(np.asarray(colour, np.float32), images.device) for colour in (mean, std))
    return (images - minus[:, None, None]) / by[:, None, None]
