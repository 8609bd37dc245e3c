"""A training small enough to be killed many times; run as a program it kills itself at an iteration.

python tiny_training.py CHECKPOINT ITERATION
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter
from segablate.training.loop import Done, Training
from segablate.training.objective import Objective
from segablate.training.recipes.base import Recipe
from segablate.training.sources import Images

CLASSES = 3
PIXELS = ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
MODEL = {"encoder": "efficientnet-lite0", "upsampler": {"use": "subpixel", "channels": 4}}
RECIPE = {
    "iterations": 6,
    "batch": 2,
    "crop": (32, 32),
    "jitter": 0.2,
    "optimiser": "adamw",
    "rate": 1e-3,
    "warmup": 2,
}


class Pictures:
    """Random images whose labels can be seen in them."""

    def __init__(self, sizes: tuple[tuple[int, int], ...] = ((40, 48), (36, 40), (48, 32))) -> None:
        chance = np.random.default_rng(0)
        self._labels = [chance.integers(0, CLASSES, size, dtype=np.uint8) for size in sizes]
        self._labels[0][:4] = 255

    def __len__(self) -> int:
        return len(self._labels)

    def image(self, i: int) -> np.ndarray:
        return np.repeat((self._labels[i] % 4 * 60)[..., None], 3, axis=2).astype(np.uint8)

    def label(self, i: int) -> np.ndarray:
        return self._labels[i]


class Deadly(Images):
    """Kills the process when it gets to an iteration."""

    deadly = -1

    def batch(self, fetched: Any, iteration: int) -> Any:
        if iteration == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(fetched, iteration)


def training(path: Path, seed: int = 0, minutes: float = 0.0, model: Any = None, **settings: Any) -> Training:
    """A training, ready to run; a checkpoint after every step unless told otherwise."""
    recipe = Recipe(**{**RECIPE, **settings})
    torch.manual_seed(seed)
    network = assemble(model or MODEL, CLASSES)
    assert isinstance(network, Segmenter)
    source = Deadly(Pictures(), recipe, PIXELS, seed, "cpu")
    objective = Objective(network, recipe, CLASSES)
    return Training(network, source, recipe, objective, path=path, device="cpu", minutes=minutes)


def run(path: Path, *arguments: Any, **settings: Any) -> tuple[dict[str, torch.Tensor], Done]:
    """The weights at the end, and how it went."""
    made = training(path, *arguments, **settings)
    done = made.run(lambda steps: None)
    return made.network.state_dict(), done


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = training(Path(sys.argv[1]))
    made.source.deadly = int(sys.argv[2])  # type: ignore[attr-defined]
    made.run(lambda steps: None)
