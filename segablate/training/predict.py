"""From a trained network to label maps, at the size of the labels.

Mirrored and scaled images, if asked for, are averaged as probabilities. Where there is a window, an image
larger than it is seen through windows that overlap by a third at least, and their scores are averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.encoders.base import Colour
from segablate.models.labelling.tiles import best_class
from segablate.models.segmenter import Segmenter
from segablate.training.forward import mixed, run_on, scores
from segablate.training.pixels import normalise
from segablate.training.recipes.base import Recipe


@dataclass(frozen=True)
class TTA:
    """Test-time augmentation: in which ways an image is predicted before scores are averaged.

    Attributes:
        flip: mirrored too.
        scales: at these sizes.
        window: height and width of what is seen at once; None: the image.
    """

    flip: bool = False
    scales: tuple[float, ...] = (1.0,)
    window: tuple[int, int] | None = None

    @property
    def plain(self) -> bool:
        """Whether an image is predicted once, as it is."""
        return not self.flip and self.scales == (1.0,) and self.window is None


class Predictor:
    """A network that answers with label maps.

    Args:
        network: put in eval mode.
        pixels: mean and standard deviation that the encoder wants.
        tta: the ways in which an image is predicted.
        device: where it runs.
        recipe: of the training: its precision, its layout, and what of the encoder was at rest.
    """

    def __init__(
        self,
        network: nn.Module,
        pixels: tuple[Colour, Colour],
        tta: TTA,
        device: str,
        recipe: Recipe,
    ) -> None:
        self.network = network.to(device).eval()
        self.pixels = pixels
        self.tta = tta
        self.device = device
        self.recipe = recipe

    @torch.no_grad()
    def of_image(self, image: np.ndarray) -> np.ndarray:
        """uint8 (height, width, 3) → the class of each pixel, uint8 (height, width)."""
        colours = torch.from_numpy(image.copy()).to(self.device).permute(2, 0, 1)[None].float()
        size = (image.shape[0], image.shape[1])
        if self.tta.plain:
            return _labels(self._scores(colours))
        total = torch.zeros(())
        for seen in _seen(colours, self.tta):
            for mirrored in (False, True) if self.tta.flip else (False,):
                probability = self._through_windows(seen.flip(-1) if mirrored else seen).softmax(1)
                probability = probability.flip(-1) if mirrored else probability
                total = total.to(probability) + _resized(probability, size)
        return _labels(total)

    @torch.no_grad()
    def of_features(self, features: Mapping[str, Tensor], size: tuple[int, int]) -> np.ndarray:
        """Kept features of one image → the class of each pixel, uint8 of that size."""
        assert isinstance(self.network, Segmenter)
        with mixed(self.device, self.recipe.precision):
            read = run_on(self.network, features, self.recipe)
            return _labels(self.network.decode(read, size, auxiliary=False).scores)

    def _through_windows(self, colours: Tensor) -> Tensor:
        height, width = colours.shape[-2:]
        window = self.tta.window
        if window is None or (height <= window[0] and width <= window[1]):
            return self._scores(colours)
        total, seen = torch.zeros(()), torch.zeros((1, 1, height, width), device=self.device)
        for top in _starts(height, window[0]):
            for left in _starts(width, window[1]):
                place = (..., slice(top, top + window[0]), slice(left, left + window[1]))
                scores = self._scores(colours[place])
                if not total.ndim:
                    total = scores.new_zeros(1, scores.shape[1], height, width)
                total[place] += scores
                seen[place] += 1
        return total / seen

    def _scores(self, colours: Tensor) -> Tensor:
        with mixed(self.device, self.recipe.precision):
            return scores(self.network, normalise(colours, *self.pixels)).float()


def _labels(batch: Tensor) -> np.ndarray:
    class_scores = batch[0]
    # torch's own arg max over an axis that is not the last is slow, but knows what to do with NaN
    known = class_scores.device.type == "cpu" and bool(class_scores.sum().isfinite())
    best = (
        best_class(class_scores.flatten(1)).view(class_scores.shape[1:]) if known else class_scores.argmax(0)
    )
    labels: np.ndarray = best.to(torch.uint8).cpu().numpy()
    return labels


def _seen(colours: Tensor, tta: TTA) -> Iterator[Tensor]:
    height, width = colours.shape[-2:]
    for scale in tta.scales:
        yield _resized(colours, (max(1, round(height * scale)), max(1, round(width * scale))))


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(x.shape[-2:]) == size:
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


def _starts(length: int, window: int) -> list[int]:
    """Where windows begin: at the edges, and evenly between, overlapping by a third at least."""
    if length <= window:
        return [0]
    count = -(-(length - window) // max(1, window * 2 // 3)) + 1
    return [round(number * (length - window) / (count - 1)) for number in range(count)]
