"""A few scored images with what the network says of them, small enough to travel with a report."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

PICTURES = 12
LONGEST = 256  # pixels of the longer side
QUALITY = 85


class Album:
    """The same images for every variant that is scored on the same ones.

    Args:
        numbers: of the images that are scored, in their order; the pictures are spread evenly over them.
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        count = min(PICTURES, len(numbers))
        self._chosen = {numbers[place * len(numbers) // count] for place in range(count)}
        self._arrays: dict[str, np.ndarray] = {}
        self._count = 0

    def wants(self, number: int) -> bool:
        """Whether an image is one of the chosen."""
        return number in self._chosen

    def add(self, name: str, image: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Keep a picture: image (height, width, 3) uint8, label maps (height, width)."""
        step = -(-max(truth.shape) // LONGEST)
        small = Image.fromarray(image).resize((-(-image.shape[1] // step), -(-image.shape[0] // step)))
        packed = io.BytesIO()
        small.save(packed, "JPEG", quality=QUALITY)
        self._arrays |= {
            f"name_{self._count}": np.array(name),
            f"truth_{self._count}": truth[::step, ::step],
            f"predicted_{self._count}": predicted[::step, ::step].astype(truth.dtype),
            f"image_{self._count}": np.frombuffer(packed.getvalue(), np.uint8),
        }
        self._count += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """As `report.contrasts` reads them."""
        return self._arrays
