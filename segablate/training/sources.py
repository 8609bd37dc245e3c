"""Where batches come from: augmented images, or windows of kept features.

A batch is a function of (seed, iteration) alone, so that training that goes on after a stop sees what it
would have seen. `fetch` does what the host can do ahead, in another thread; `batch` does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from segablate.datasets.pack import Pack
from segablate.models.encoders.base import Colour
from segablate.training import rng
from segablate.training.augment import Canvas, augment
from segablate.training.features import Features, tensors
from segablate.training.gpu import sent
from segablate.training.pixels import normalise
from segablate.training.recipes.base import Recipe

# windows lie on this grid whatever the stride of the features, so that variants see the same ones
GRID = 32


class Pictures(Protocol):
    """Decoded images and label maps."""

    def __len__(self) -> int: ...

    def image(self, i: int) -> np.ndarray:
        """uint8 (height, width, 3)."""

    def label(self, i: int) -> np.ndarray:
        """uint8 (height, width), 255 where a pixel counts as nothing."""


@dataclass(frozen=True)
class Batch:
    """What one step sees.

    Attributes:
        inputs: what goes into the network, by name: `image`, or the encoder's features.
        labels: int64 (batch, height, width).
    """

    inputs: dict[str, Tensor]
    labels: Tensor

    def parts(self, count: int) -> list[Batch]:
        """The batch in `count` equal parts."""
        inputs = {name: value.chunk(count) for name, value in self.inputs.items()}
        return [
            Batch({name: values[number] for name, values in inputs.items()}, labels)
            for number, labels in enumerate(self.labels.chunk(count))
        ]


class Source(Protocol):
    """Batches by number."""

    def fetch(self, iteration: int) -> Any:
        """What can be had ahead of time; called from another thread."""

    def batch(self, fetched: Any, iteration: int) -> Batch:
        """The batch itself."""


class Images:
    """Augmented images.

    Args:
        pictures: of the training split.
        recipe: says how they are augmented.
        pixels: mean and standard deviation that the encoder wants.
        seed: of the run.
        device: where they are augmented.
    """

    def __init__(
        self, pictures: Pictures, recipe: Recipe, pixels: tuple[Colour, Colour], seed: int, device: str
    ) -> None:
        self.pictures = pictures
        self.recipe = recipe
        self.pixels = pixels
        self.seed = seed
        self.device = device

    def fetch(self, iteration: int) -> Canvas:
        """The images and labels as they are, on the device."""
        chosen = rng.order(self.seed, iteration, self.recipe.batch, len(self.pictures))
        images = [self.pictures.image(int(number)) for number in chosen]
        return Canvas(images, [self.pictures.label(int(number)) for number in chosen], self.device)

    def batch(self, fetched: Canvas, iteration: int) -> Batch:
        """Scaled, cropped, mirrored, recoloured and normalised."""
        draw = rng.draw(self.recipe, self.recipe.batch, rng.AUGMENT, self.seed, iteration)
        colours, labels = augment(fetched, draw, self.recipe.crop, self.pixels[0])
        return Batch({"image": normalise(colours, *self.pixels)}, labels)


class Windows:
    """Windows of kept features and of their labels.

    Args:
        features: of all views of all images.
        labels: of the same pictures, uint8 (height, width) each.
        recipe: says how large windows are.
        seed: of the run.
        device: where training runs.
    """

    def __init__(
        self, features: Features, labels: Pack | np.ndarray, recipe: Recipe, seed: int, device: str
    ) -> None:
        self.features = features
        self.labels = labels
        self.recipe = recipe
        self.seed = seed
        self.device = device

    def fetch(self, iteration: int) -> Batch:
        """All of it: nothing is left to do on the device."""
        (height, width), (rows, columns), batch = self.recipe.crop, self.recipe.view, self.recipe.batch
        chosen = rng.order(self.seed, iteration, batch, len(self.labels))
        places = rng.generator(rng.WINDOW, self.seed, iteration).random((batch, 2))
        windows, labels = [], []
        for number, (row, column) in zip(chosen, places, strict=True):
            top, left = _start(row, rows, height), _start(column, columns, width)
            windows.append(self.features.window(int(number), top, left, self.recipe.crop))
            labels.append(self.labels[int(number)][top : top + height, left : left + width])
        truth = sent(np.stack(labels), self.device).long()
        return Batch(tensors(windows, self.device), truth)

    def batch(self, fetched: Batch, iteration: int) -> Batch:
        """As it was fetched."""
        return fetched


def _start(share: float, view: int, crop: int) -> int:
    """Where a window begins: on the grid."""
    return int(share * ((view - crop) // GRID + 1)) * GRID
